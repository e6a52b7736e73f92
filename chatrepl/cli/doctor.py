"""--doctor: what works here and what does not, and what to do about it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from chatrepl.client import keys
from chatrepl.client.connection import LOOK, Connection
from chatrepl.client.embedded import server, weights
from chatrepl.config import facts
from chatrepl.config.config import Config, Profile, located
from chatrepl.config.paths import Paths
from chatrepl.config.place import Embedded
from chatrepl.config.vendors import ELSEWHERE, PROFILES
from chatrepl.dialects import dialect
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.files import ownership
from chatrepl.files.completion import size
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import urls


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at: ``good`` is None where it is neither good nor bad; ``advice`` says what to do."""

    good: bool | None
    what: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Doctor:
    """What is looked at, and where the findings are shown."""

    config: Config
    paths: Paths
    connection: Connection
    screen: Screen
    mistake: ConfigError | None = None
    """What is wrong with the configuration's file, in whose place the built-in one is looked at."""

    def examine(self, chosen: Profile | ChatError) -> bool:
        """Look at everything and tell; whether the configuration is right and the chosen profile can work."""
        self._tell("Files", self._files())
        works = False
        if isinstance(chosen, ChatError):
            self._tell("The profile", [Finding(False, str(chosen), chosen.hint.text)])
        else:
            speaks = Finding(None, f"it speaks {chosen.dialect}", _why(chosen))
            findings = [speaks, *self._profile(chosen)]
            works = all(finding.good is not False for finding in findings)
            self._tell(f"The profile: {chosen.name}", findings)
        name = "" if isinstance(chosen, ChatError) else chosen.name
        others = [each for each in self.config.profiles.values() if each.name != name]
        self._tell("Other profiles that can be used", [found for each in others for found in self._other(each)])
        self._tell("The embedded model", self._embedded())
        self._tell("The terminal", self._terminal())
        return works and not self.mistake

    def _tell(self, title: str, findings: "list[Finding] | Iterator[Finding]") -> None:
        self.screen.say(title, "bold")
        for finding in findings:
            mark, style = {True: ("✓", "good"), False: ("✗", "error"), None: ("·", "")}[finding.good]
            self.screen.say(f"  {mark} {finding.what}", style)
            for line in finding.advice.splitlines():
                self.screen.say(f"      {line}", "dim")

    def _files(self) -> Iterator[Finding]:
        if self.mistake:
            advice = self.mistake.hint.text or "It is ignored until that is fixed; the built-in profiles are used."
            yield Finding(False, f"configuration: {self.mistake}", advice)
        else:
            there = self.paths.config.exists()
            yield Finding(
                True, f"configuration: {self.paths.config}" + ("" if there else ", not there yet, which is fine")
            )
        if self.config.distrust:
            yield Finding(False, f"{self.config.distrust}: no command and no tool that it names is run", keys.ALONE)
        elif wrong := ownership.open_to_others(self.paths.config.parent):
            yield Finding(False, wrong, f"Let it be yours alone: chmod go-w {self.paths.config.parent}")
        for what, path in (("sessions", self.paths.sessions), ("input history", self.paths.history.parent)):
            if wrong := ownership.open_to_others(path):
                yield Finding(False, wrong, f"Let it be yours alone: chmod go-w {path}")
            good = _writable(path)
            yield Finding(
                good, f"{what}: {path}", "" if good else "You cannot write there. Set CHATREPL_HOME to another folder."
            )

    def _profile(self, profile: Profile) -> Iterator[Finding]:
        """The findings about a profile: its key, and whether its server answers."""
        if isinstance(profile.place, Embedded):
            yield from self._embedded()
            return
        try:
            profile = located(profile, self.connection.env)
            key = keys.read(profile, self.connection.env)
            yield Finding(True, "its key is there" if key else "it needs no key")
            dialect(profile.dialect)
        except ChatError as error:
            yield Finding(False, str(error), error.hint.text)
            return
        yield from self._server(profile)

    def _server(self, profile: Profile) -> Iterator[Finding]:
        asked = replace(profile, timeouts=LOOK, model=profile.model or "any")
        try:
            offered = self.connection.models(asked)
            models = [each.id for each in offered]
        except CommandError:  # it has no list of models
            yield self._reached(asked)
            return
        except ChatError as error:
            yield Finding(False, str(error), error.hint.text)
            return
        yield Finding(True, f"{_origin(profile)} answers and offers {len(models)} models")
        if profile.model and models and profile.model not in models:
            yield Finding(None, f"the model {profile.model!r} is not among them", "chatrepl --list-models names them.")

        ends = next((each.ends for each in offered if each.ends and each.id == profile.model), "")
        if ends := ends or facts.load(self.paths.table).facts(profile.name, profile.model).ends:
            yield Finding(None, f"the model {profile.model!r} ends on {ends}", "-m NAME names another.")

    def _reached(self, profile: Profile) -> Finding:
        """Whether somebody answers at the address, whatever the answer is."""
        try:
            self.connection.reach(profile)
        except ChatError as error:
            return Finding(False, str(error), error.hint.text)
        return Finding(True, f"{_origin(profile)} can be reached")

    def _other(self, profile: Profile) -> Iterator[Finding]:
        if not profile.place.remote:
            return
        if keys.at_hand(profile, self.connection.env) or profile.key_file:
            for finding in self._profile(profile):
                yield replace(finding, what=f"{profile.name}: {finding.what}")
        elif profile.key_command:
            yield Finding(None, f"{profile.name}: its key command was not run", f"chatrepl -p {profile.name} --doctor")
        elif not profile.needs_key and profile.place.url:
            reached = self._reached(replace(profile, timeouts=LOOK))
            what = f"{profile.name}: {reached.what}" if reached.good else f"{profile.name}: nothing answers there"
            yield Finding(reached.good or None, what)

    def _embedded(self) -> Iterator[Finding]:
        if not server.is_installed():
            error = server.not_installed()
            yield Finding(False, str(error), error.hint.text)
            return
        yield Finding(True, "its runtime is installed")
        found = weights.find(self.paths.models)
        if found:
            yield Finding(True, f"its weights are there: {found} ({size(found.stat().st_size)})")
        else:
            yield Finding(None, "its weights are not there yet", "chatrepl -p local fetches them (98 MB, once).")

    def _terminal(self) -> Iterator[Finding]:
        screen = self.screen
        yield Finding(screen.out.isatty() or None, "the output is a terminal" if screen.out.isatty() else "no terminal")
        yield Finding(None, f"{screen.columns} columns, TERM={screen.term or 'not set'}")
        yield Finding(
            screen.live or None, "live pictures" if screen.live else "plain text only: --plain, TERM, or a pipe"
        )
        yield Finding(screen.coloured or None, "colours" if screen.coloured else "no colours")
        encoding = getattr(screen.out, "encoding", "") or "unknown"
        wide = encoding.lower().replace("-", "") == "utf8"
        yield Finding(
            wide or None, f"characters: {encoding}", "" if wide else "Set a UTF-8 locale to see all: LANG=C.UTF-8"
        )
        yield Finding(None, f"links (OSC 8): {'yes' if screen.links(self.config.ui) else 'not known to work here'}")
        yield Finding(None, "clipboard (OSC 52): the terminal is asked to copy, and does not say whether it does")


def _writable(folder: Path) -> bool:
    """Whether files can be made there, now or once the folder is made."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _why(profile: Profile) -> str:
    """Why it speaks another dialect than is built in for it, where nobody named one."""
    usual = PROFILES.get(profile.name, {}).get("dialect", "")
    if profile.dialect != ELSEWHERE.get(profile.name) or profile.dialect == usual:
        return ""
    return f"It is not at its vendor's own address, where it speaks {usual}; dialect in the profile names another."


def _origin(profile: Profile) -> str:
    return urls.origin(profile.base_url)
