"""Commands about the program itself."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from chatrepl import chat
from chatrepl.chat.commands.table import COMMANDS, PROGRAM, SETTINGS, WHO, Suggestion, command, flagged, offered
from chatrepl.chat.session import Session
from chatrepl.config import settings
from chatrepl.errors import CommandError, Hint
from chatrepl.text import safe

if TYPE_CHECKING:
    from chatrepl.events import Certainty


def setting_words(session: Session, words: str) -> Iterable[Suggestion]:
    """The settings, and behind one its values, for completion."""
    *before, word = words.split(" ")
    keys = [each for each in before if each not in ("--save", "")]
    if keys:
        about = dict(settings.names()).get(keys[0], "")
        return offered(word, [(value, about) for value in settings.values_of(keys[0])])
    return offered(word, [*settings.names(), *([] if before else [("--save", "write it to the configuration too")])])


@command("/set", SETTINGS, "[--save] [key [value]]", complete=setting_words)
def set_(session: Session, words: str) -> None:
    """Show the settings, or one, or change one. It holds for this session; with --save it is written to the
    configuration too. Parameters of the request are settings like all others: /set temperature 0.2; off removes
    one."""
    keep, words = flagged(words, "--save")
    key, _, value = words.partition(" ")
    if not key:
        rows = settings.shown(session.ui, session.profile)
        with session.screen.paged():
            session.screen.table([(f"{name} = {now}", about) for name, now, about in rows])
        return
    _refuse_command(key)
    if not value:
        session.screen.say(f"{key} = {settings.value_of(key, session.ui, session.profile)}")
        if key == "titles" and (known := chat.titling.told(session)):
            session.screen.say(known, "dim")
        return
    session.ui, session.profile = settings.changed(key, value.strip(), session.ui, session.profile)
    said = f"{key} = {settings.value_of(key, session.ui, session.profile)}"
    if keep:
        kept = settings.save(session.config.path, key, session.ui, session.profile)
        said += f", saved to {session.config.path}" + (f"; as it was before, it is kept in {kept}" if kept else "")
    session.screen.say(said, "dim")


def _refuse_command(key: str) -> None:
    """Complain of what is no setting but has a command of its own."""
    meant = COMMANDS.get(f"/{key}")
    if meant and key not in dict(settings.names()):
        raise CommandError(f"{key!r} is not a setting but a command", Hint(at_prompt=f"{meant.usage}: {meant.about}."))


@command(
    "/last",
    WHO,
    "[--curl|--raw]",
    complete=lambda session, words: offered(
        words, [("--curl", "as a command for the shell"), ("--raw", "the end of a stream as it came")]
    ),
)
def last(session: Session, words: str) -> None:
    """Show the last request as it was sent. It shows how the answer ended too, and when; the middle of a long body is
    left out, and a stream is summarised: --raw shows its end as it came. With --curl it is a command that asks the
    same. Secrets are not shown."""
    exchange = session.connection.last
    if not exchange:
        raise CommandError("Nothing was asked yet")
    if words not in ("", "--curl", "--raw"):
        raise CommandError(f"/last knows --curl and --raw, not {words!r}")
    told = exchange.curl() if words == "--curl" else "\n".join(exchange.told(raw=words == "--raw"))
    session.screen.verbatim(told)
    if session.certainties and not words:
        session.screen.say("The tokens that the model was least certain of:", "dim")
        session.screen.table(_least_certain(session.certainties))


def _least_certain(told: "Sequence[Certainty]", most: int = 8) -> list[tuple[str, str, str]]:
    """The tokens, their probabilities, and what else might have stood there."""
    least = sorted(told, key=lambda each: -math.inf if each.logprob is None else each.logprob)[:most]
    return [(_token(each.token), _percent(each.logprob), _others(each)) for each in least]


def _others(each: "Certainty") -> str:
    return "  ".join(f"{_token(name)} {_percent(value)}" for name, value in each.others[:4])


def _token(text: str) -> str:
    return repr(safe.line(text, 30))


def _percent(logprob: float | None) -> str:
    return "0 %" if logprob is None else f"{100 * math.exp(min(0.0, logprob)):.1f} %"


@command("/quit /exit", PROGRAM)
def quit_(session: Session, words: str) -> None:
    """Leave. The session is kept."""
    raise EOFError  # as Ctrl-D does
