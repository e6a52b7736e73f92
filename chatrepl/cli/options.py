"""The command line as a value: what was asked for, before anything is made of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatrepl import NamedTuple, config, files
from chatrepl.config import reading
from chatrepl.config.config import Config
from chatrepl.config.paths import Paths
from chatrepl.config.place import Replay

STANDARD_INPUT = "-"


def joined(prompt: str, piped: str) -> str:
    """What is asked first: the prompt, and what is piped in below it."""
    return "\n\n".join(filter(None, (prompt, piped)))


class Options(NamedTuple):
    """What the flags say, by the names that they are parsed under. Texts and paths are as they were typed."""

    prompt: str = ""
    words: tuple[str, ...] = ()
    """The prompt as the words that the shell made of it."""
    prompt_file: str = ""
    schema: str = ""
    profile: str = ""
    model: str = ""
    system: str | None = None
    option: tuple[str, ...] = ()
    dialect: str = ""
    base_url: str = ""
    go_on: bool = False
    resume: str | None = None
    file: tuple[str, ...] = ()
    interactive: bool = False
    no_stream: bool = False
    plain: bool = False
    screen_reader: bool = False
    json: bool = False
    ephemeral: bool = False
    yes: bool = False
    tools: tuple[str, ...] = ()
    no_tools: bool = False
    search: bool = False
    allow: tuple[str, ...] = ()
    export: tuple[str, str] | None = None
    take_in: str = ""
    record: str = ""
    replay: str = ""
    paced: bool = False
    config: str = ""
    here: bool = False
    list_models: bool = False
    list_sessions: bool = False
    update_models: bool = False
    list_profiles: bool = False
    doctor: bool = False
    completion: str = ""

    @property
    def acts(self) -> bool:
        """Whether something is asked for that needs no profile."""
        return bool(self.list_profiles or self.list_sessions or self.update_models or self.export or self.take_in)

    @property
    def tool_names(self) -> list[str]:
        """The tools and servers that the flags turn on."""
        return [name for word in self.tools for name in word.split(",") if name]

    @property
    def names_whom(self) -> bool:
        """Whether the flags say who is talked to, whatever a session did before."""
        return bool(self.profile or self.dialect or self.base_url or self.replay)

    @property
    def played(self) -> Replay | None:
        """The recording that answers instead of the network."""
        return Replay(files.path_of(self.replay), self.paced) if self.replay else None

    @property
    def files(self) -> list[str]:
        """The names of the files that go along; ``-`` is what is piped in, which goes anyway."""
        return [name for name in self.file if name != STANDARD_INPUT]

    def asks_about(self, piped: str) -> bool:
        """Whether what is piped in is so large that it takes a yes, which ``-f -`` says."""
        return bool(piped) and STANDARD_INPUT not in self.file and files.attachments.is_large_text(piped)

    def asking(self, profile: str, model: str) -> "Options":
        """The same with whom a prompt file wants to be asked, where no flag says it."""
        if self.profile not in ("", profile):  # the model is one of another profile
            return self
        whom = self.profile if self.names_whom else profile
        return self._replace(profile=whom, model=self.model or model)

    def configured(self, paths: Paths) -> Config:
        """The configuration, and what the folder says over it where that is wanted."""
        found = reading.load(paths.config, must_exist=bool(self.config))
        return config.folder.over(found, Path.cwd()) if self.here else found

    @property
    def resumes(self) -> bool:
        """Whether a session that was there before goes on."""
        return self.go_on or self.resume is not None


_TEXTS = {
    "-p": "profile",
    "--profile": "profile",
    "-m": "model",
    "--model": "model",
    "-s": "system",
    "--system": "system",
    "--dialect": "dialect",
    "--base-url": "base_url",
    "--config": "config",
}
_SWITCHES = {"-c": "go_on", "--continue": "go_on", "--ephemeral": "ephemeral", "--plain": "plain", "--here": "here"}


def plain_flags(words: Sequence[str]) -> Options | None:
    """What the flags of a chat say, as most are started; None for all that takes argparse, which loads as long as a
    dozen modules of ours."""
    said: dict[str, Any] = {}
    left = iter(words)
    for word in left:
        if word in _SWITCHES:
            said[_SWITCHES[word]] = True
        elif word in _TEXTS and not (text := next(left, "-")).startswith("-"):
            said[_TEXTS[word]] = text
        else:
            return None
    return Options(**said)
