"""What can be told to the user in one line.

    ChatError                 str() is the line shown, .hint what to try
    ├── ConfigError           the configuration cannot be used
    ├── CommandError          a slash command or a flag cannot do what was asked
    ├── TranscriptError       a session or a transcript cannot be read or written
    └── RequestError          a turn failed
        ├── Unreachable       no server answered
        ├── Refused           the server said no; .status is its HTTP status
        └── BrokenReply       what came is no reply, or only a part of one

Anything else that is raised is a bug of chatrepl and keeps its traceback.
"""

from collections.abc import Mapping
from types import MappingProxyType

from chatrepl import NamedTuple

ASK_AGAIN = "Asking again may help."
"""The hint where chance had a part in a failure."""


class Hint(NamedTuple):
    """What to try. Each place shows the one that can be acted on there, so ``text`` names no slash command."""

    text: str = ""
    """What helps anywhere: on the command line, in the configuration, in the shell."""
    at_prompt: str = ""
    """What helps where a slash command can be typed; "" if that is nothing else."""

    def shown(self, *, at_prompt: bool) -> str:
        """The hint for somebody who has a prompt, or has none."""
        return self.at_prompt or self.text if at_prompt else self.text

    def without(self, sentence: str) -> "Hint":
        """The hint without that sentence at its end."""
        return Hint(*(text.removesuffix(sentence).rstrip() for text in self))

    def __bool__(self) -> bool:
        return any(self)


class ChatError(Exception):
    """A failure the user can understand: one line, and a hint at what to try."""

    def __init__(self, line: str, hint: str | Hint = "") -> None:
        super().__init__(line)
        self.hint = Hint(hint) if isinstance(hint, str) else hint


class ConfigError(ChatError):
    """The configuration cannot be used."""


class CommandError(ChatError):
    """A slash command or a flag cannot do what was asked."""


class TranscriptError(ChatError):
    """A session or a transcript cannot be read or written."""


class RequestError(ChatError):
    """A turn failed."""


class Unreachable(RequestError):
    """No server answered. ``again`` tells whether it may answer when it is asked again."""

    def __init__(self, line: str, hint: str | Hint = "", *, again: bool = False) -> None:
        super().__init__(line, hint)
        self.again = again


class Refused(RequestError):
    """The server said no.

    ``status`` is the HTTP status, also where the error came inside a good answer and told it; ``said`` are the words of
    the server alone, which are the line itself where nothing was added; ``parameter`` is the one the server names as
    the reason and ``code`` its word for it, "" where it has none; ``wait`` are the seconds it wants to be left alone;
    ``headers`` are those of the answer, their names in lower case.
    """

    def __init__(
        self,
        line: str,
        hint: str | Hint = "",
        *,
        status: int,
        said: str | None = None,
        parameter: str = "",
        code: str = "",
        wait: float | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(line, hint)
        self.status = status
        self.said = line if said is None else said
        self.parameter = parameter
        self.code = code
        self.wait = wait
        self.headers = headers


class BrokenReply(RequestError):
    """What came is no reply, or only a part of one."""


FINE, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130
"""Fine; the request or the stream failed; wrong usage or configuration; interrupted."""


def status(error: ChatError) -> int:
    """The status of a program that this failure ended."""
    return FAILED if isinstance(error, RequestError) else USAGE
