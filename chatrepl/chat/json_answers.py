"""Answers of a given shape: where the schema comes from, and what becomes of an answer that does not keep to it."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from chatrepl import files
from chatrepl.chat.outcome import Outcome
from chatrepl.chat.session import SCHEMA, Session
from chatrepl.config import filling
from chatrepl.errors import BrokenReply, CommandError, Hint
from chatrepl.files import reading
from chatrepl.sessions.entries import Mark
from chatrepl.text import safe, schema

EXAMPLE = Hint("For example: --schema 'name, age int, tags list'", "For example: /schema name, age int, tags list")


def of_words(words: str) -> dict[str, Any]:
    """The schema that somebody names: a file that holds it, JSON, or the short form. Else a CommandError."""
    path = files.path_of(words.removeprefix("@")) if len(words) < _LONG and "\n" not in words else Path()
    if words.startswith("@") or path.is_file():
        return _read(path)
    if re.fullmatch(r"[^\s,:{]*[./][^\s,:{]*", words):
        raise CommandError(f"There is no file {safe.line(words, 60)!r} with a schema", EXAMPLE)
    return _parsed(words, "That is no schema")


_LONG = 1_000
"""Longer words name no file."""


def of_prompt(value: Any, folder: Path) -> dict[str, Any]:
    """The schema that a prompt file sets: a table, JSON, the short form, or the name of a file in the folder."""
    if not isinstance(value, str):
        return _parsed(json.dumps(value), "The prompt file has a schema that is none")
    place = filling.within(folder, value) if value.endswith(".json") else None
    return _read(place) if place else _parsed(value, "The prompt file has a schema that is none")


def held(session: Session) -> dict[str, Any] | None:
    """The schema that the session keeps for its answers; None where that is none."""
    return of_session(session.transcript.state.who.get(SCHEMA, ""))


@lru_cache(maxsize=1)
def of_session(kept: str) -> dict[str, Any] | None:
    """The schema in what a session's file says; None where that is none."""
    with suppress(CommandError):
        return _parsed(kept, "The session has a schema that is none") if kept else None
    return None


def hold(session: Session, shape: dict[str, Any] | None) -> None:
    """Let the next answers have that shape, or any."""
    if shape != held(session):
        session.transcript.add(Mark(SCHEMA, json.dumps(shape) if shape else ""))


def _read(path: Path) -> dict[str, Any]:
    return _parsed(reading.text(path, schema.LARGEST, "The schema"), f"{safe.line(str(path))} is no schema")


def _parsed(words: str, wrong: str) -> dict[str, Any]:
    try:
        found = schema.parsed(words)
        schema.demand(found)
    except schema.NoSchema as error:
        raise CommandError(f"{wrong}: {safe.line(str(error), 300)}", EXAMPLE) from None
    except schema.Unchecked as error:
        raise CommandError(str(error), "pip install 'chatrepl[schema]'") from None
    return found


def checked(session: Session, shape: dict[str, Any], outcome: Outcome, again: Callable[[str], Outcome]) -> Outcome:
    """The outcome where the answer keeps to the schema. One that does not is asked for once more, with what is wrong
    with it; where that does not help the outcome is a failure, and what came stays."""
    wrong = _mistakes(outcome, shape)
    if wrong and outcome.ending in _WHOLE:
        session.screen.say(f"The answer does not keep to the schema: {wrong[0]}. It is asked for once more.", "warning")
        first, outcome = outcome, again(_complaint(wrong, shape))
        outcome = outcome._replace(calls=(*first.calls, *outcome.calls))
        wrong = _mistakes(outcome, shape)
    if not wrong:
        return outcome
    failure = BrokenReply(
        f"The answer does not keep to the schema: {wrong[0]}", Hint(at_prompt="/retry asks again; /schema off ends it.")
    )
    session.screen.error(failure)
    return outcome._replace(failure=failure)


_WHOLE = ("stop", "other")
"""The endings of replies that are complete; asking once more would not help any other."""


def _mistakes(outcome: Outcome, shape: dict[str, Any]) -> list[str]:
    """What is wrong with the answer; nothing where there is none, which is a failure of its own."""
    if outcome.failure or not outcome.kept or outcome.ending in ("interrupted", "failed"):
        return []
    return [safe.line(each, 200) for each in schema.mistakes(outcome.reply.text, shape)]


def _complaint(wrong: list[str], shape: dict[str, Any]) -> str:
    listed = "\n".join(f"- {each}" for each in wrong)
    return f"That answer does not keep to the schema:\n{listed}\n\n{schema.instruction(shape)}"
