"""--doctor: what works here and what does not, and what to do about it."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from chatrepl import files
from chatrepl.client import keys
from chatrepl.client.connection import LOOK, Connection
from chatrepl.client.embedded import server, weights
from chatrepl.config import facts
from chatrepl.config.config import Config, Profile, located, model_of
from chatrepl.config.paths import Paths
from chatrepl.config.place import Embedded
from chatrepl.config.vendors import ELSEWHERE, PROFILES
from chatrepl.dialects import dialect
from chatrepl.errors import ChatError, CommandError, ConfigError
from chatrepl.files import ownership
from chatrepl.terminal.screen.screen import Screen
from chatrepl.text import safe, urls, width
from chatrepl.text.amounts import counted, size
from chatrepl.tools.mcp import servers

COLUMN = 15
"""The width of the names in the list."""

BESIDE = 30
"""The columns that what was found needs beside its name; where there are fewer it stands below."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something looked at: ``good`` is None where it is neither good nor bad; ``advice`` says what to do."""

    good: bool | None
    about: str
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
        self._tell(self._files())
        if isinstance(chosen, ChatError):
            findings = [Finding(False, "profile", str(chosen), chosen.hint.text)]
        else:
            findings = list(self._profile(chosen))
        self._tell(findings)
        self._tell(self._others(None if isinstance(chosen, ChatError) else chosen))
        self._tell(self._tools())
        self._tell(self._terminal())
        return not self.mistake and all(finding.good is not False for finding in findings)

    def _tell(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            mark, style = {True: ("✓", "good"), False: ("✗", "error"), None: ("–", "")}[finding.good]
            head = f"{mark} {width.padded(finding.about, COLUMN)}"
            beside = self.screen.columns - len(head) >= BESIDE or not self.screen.notes.isatty()
            indent = " " * (len(head) if beside else 4)
            what = "\n".join(self.screen.wrapped(indent + finding.what))
            self.screen.say(head + what[len(head) :] if beside else f"{head.rstrip()}\n{what}", style)
            for line in finding.advice.splitlines():
                self.screen.say(indent + line, "dim")

    def _files(self) -> Iterator[Finding]:
        if self.mistake:
            advice = self.mistake.hint.text or "It is ignored until that is fixed; the built-in profiles are used."
            yield Finding(False, "configuration", str(self.mistake), advice)
        else:
            there = "" if self.paths.config.exists() else ", which is not there yet and need not be"
            yield Finding(True, "configuration", f"{files.short(self.paths.config)}{there}")
        if self.config.distrust:
            told = f"{self.config.distrust}: no command and no tool that it names is run"
            yield Finding(False, "configuration", told, keys.ALONE)
        elif wrong := ownership.open_to_others(self.paths.config.parent):
            yield _open("configuration", wrong, self.paths.config.parent)
        for about, path in (("sessions", self.paths.sessions), ("history", self.paths.history.parent)):
            if wrong := ownership.open_to_others(path):
                yield _open(about, wrong, path)
            good = _writable(path)
            advice = "" if good else "You cannot write there. Set CHATREPL_HOME to another folder."
            yield Finding(good, about, files.short(path), advice)

    def _profile(self, profile: Profile) -> Iterator[Finding]:
        """The findings about the profile that is talked to."""
        about = " · ".join(filter(None, (profile.name, model_of(profile), profile.dialect)))
        yield Finding(True, "profile", about, _why(profile))
        yield from self._embedded() if isinstance(profile.place, Embedded) else self._reached(profile)

    def _reached(self, profile: Profile) -> Iterator[Finding]:
        """The findings about a profile with a server: its key, and whether the server answers."""
        try:
            profile = located(profile, self.connection.env)
            key = keys.read(profile, self.connection.env)
            yield Finding(True, "key", "there" if key else "none needed")
            dialect(profile.dialect)
        except ChatError as error:
            yield Finding(False, "key", str(error), error.hint.text)
            return
        yield from self._server(profile)

    def _server(self, profile: Profile) -> Iterator[Finding]:
        asked = replace(profile, timeouts=LOOK, model=profile.model or "any")
        try:
            offered = self.connection.models(asked)
            models = [each.id for each in offered]
        except CommandError:  # it has no list of models
            yield self._answers(asked)
            return
        except ChatError as error:
            yield Finding(False, "server", str(error), error.hint.text)
            return
        yield Finding(True, "server", f"{_origin(profile)} answers and offers {len(models)} models")
        if profile.model and models and profile.model not in models:
            told = f"{profile.model!r} is not among those the server lists"
            yield Finding(None, "model", told, "chatrepl --list-models names them.")

        ends = next((each.ends for each in offered if each.ends and each.id == profile.model), "")
        known = facts.load(self.paths.table).facts(profile.name, profile.model)
        if ends := ends or known.ends:
            names = f"Its vendor names {safe.line(known.next, 60)} in its place. " if known.next else ""
            yield Finding(None, "model", f"{profile.model!r} ends on {ends}", f"{names}-m NAME names another.")

    def _answers(self, profile: Profile) -> Finding:
        """Whether somebody answers at the address, whatever the answer is."""
        try:
            self.connection.reach(profile)
        except ChatError as error:
            return Finding(False, "server", str(error), error.hint.text)
        return Finding(True, "server", f"{_origin(profile)} can be reached")

    def _others(self, chosen: Profile | None) -> Iterator[Finding]:
        """What else could be talked to: profiles with a key, servers that answer, the model on this machine."""
        silent, seen = [], {_where(chosen)} if chosen else set()
        for profile in self.config.profiles.values():
            if _where(profile) in seen:
                continue
            if isinstance(profile.place, Embedded):
                yield from self._embedded()
            elif keys.at_hand(profile, self.connection.env) or profile.key_file:
                seen.add(_where(profile))
                found = self._reached(profile)
                yield from (_of(profile, each) for each in found if each.about != "key" or not each.good)
            elif profile.key_command:
                yield _of(profile, Finding(None, "key", "its key command was not run", f"-p {profile.name} runs it."))
            elif not profile.needs_key and profile.place.url:
                answer = self._answers(replace(profile, timeouts=LOOK))
                if answer.good:
                    yield _of(profile, answer)
                else:
                    silent.append(profile.name)
        if silent:
            yield Finding(None, "other servers", f"none of these answers: {', '.join(silent)}")

    def _embedded(self) -> Iterator[Finding]:
        if not server.is_installed():
            error = server.not_installed()
            yield Finding(None, "small model", str(error), error.hint.text)
        elif found := weights.find(self.paths.models):
            yield Finding(True, "small model", f"{files.short(found)} ({size(found.stat().st_size)})")
        else:
            told = "its weights are not there yet"
            yield Finding(None, "small model", told, "chatrepl -p local fetches them (98 MB, once).")

    def _tools(self) -> Iterator[Finding]:
        found = self.config.tools
        if not (found and (found.programs or found.servers or found.imports)):
            return
        wrong: list[ChatError] = []
        names = [each.name for each in servers(found, wrong.append)]
        yield from (Finding(False, "tools", str(each), each.hint.text) for each in wrong)
        kinds = f"{counted(len(found.programs), 'program')}, {counted(len(names), 'MCP server')}"
        usual = f"on: {', '.join(found.on)}" if found.on else "off"
        advice = "" if found.on else "--tools NAME lets the model call them; --tools all names all."
        yield Finding(None, "tools", f"{kinds}, {usual}", advice)

    def _terminal(self) -> Iterator[Finding]:
        screen = self.screen
        can = {
            "colours": screen.coloured,
            "links": screen.links(self.config.ui),
            "live pictures": screen.live,
        }
        kind = f"{screen.term or 'TERM is not set'} · {screen.columns} columns" if screen.out.isatty() else "none"
        yield Finding(
            screen.live or None,
            "terminal",
            " · ".join([kind, *(what if there else f"no {what}" for what, there in can.items())]),
            "" if screen.live else "Text is plain: --plain, TERM, or the output is a pipe.",
        )
        encoding = getattr(screen.out, "encoding", "") or "unknown"
        wide = encoding.lower().replace("-", "") == "utf8"
        yield Finding(wide or None, "characters", encoding, "" if wide else "LANG=C.UTF-8 shows all of them.")


def _where(profile: Profile) -> tuple[object, ...]:
    """What several profiles of one vendor have in common: where it is, and its key."""
    return profile.place, profile.key_env, profile.key_file


def _of(profile: Profile, finding: Finding) -> Finding:
    """The same of a profile that is not talked to."""
    return replace(finding, about="also", what=f"{profile.name}: {finding.what}")


def _open(about: str, wrong: str, path: Path) -> Finding:
    return Finding(False, about, wrong, f"Let it be yours alone: chmod go-w {path}")


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
