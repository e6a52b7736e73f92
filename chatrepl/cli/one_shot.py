"""One question from the command line, and its reply on standard output."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path

from chatrepl.chat import turn
from chatrepl.chat.endings import ENDINGS
from chatrepl.chat.session import Session
from chatrepl.cli import preload
from chatrepl.conversation import Message
from chatrepl.errors import FAILED, FINE, INTERRUPTED, status
from chatrepl.events import FINISH_REASONS, Usage
from chatrepl.sessions.formats.format import to_json
from chatrepl.terminal import streams
from chatrepl.text import safe


def answer(session: Session, text: str, named: Iterable[Path], attached: Iterable[str], *, as_json: bool) -> int:
    """Print the reply; returns the exit status."""
    session.ui = replace(session.ui, statistics=False)
    session.prompted = False
    session.answer = lambda _question: "yes"  # nobody can be asked; what the command line says is meant
    preload.collect_garbage()
    session.attach_files(attached)
    session.show_attachments()
    try:
        message = turn.send(session, text, named)
    except streams.Unwritable:
        session.settle()
        raise
    if as_json:
        print(_encodable(_as_json(session, message)))
    if session.failure:
        return status(session.failure)
    return {"interrupted": INTERRUPTED, "error": FAILED}.get(
        session.last_reply.ending if session.last_reply else "", FINE
    )


def _error(session: Session) -> str | None:
    """The line that tells what went wrong, None where all is well."""
    if session.failure:
        return safe.line(str(session.failure), 600)
    ending = session.last_reply.ending if session.last_reply else ""
    return ENDINGS[ending][0] if ending in ("interrupted", "error") else None


def _encodable(data: dict[str, object]) -> str:
    """The data as JSON that standard output can hold: what stands in for a character there may be a quotation mark."""
    text = to_json(data)
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


def _used(usage: Usage) -> dict[str, int | None]:
    """The tokens by name; those written to a cache only where a server tells of any."""
    known = asdict(usage)
    return known if usage.written is not None else {name: known[name] for name in known if name != "written"}


def _as_json(session: Session, message: Message | None) -> dict[str, object]:
    """The reply as data: an empty one where none came, for scripts always get an object."""
    asked = session.connection.asked
    message = message or session.last_reply or Message("assistant", ())
    told = message.ending if message.ending in FINISH_REASONS else None
    return {
        "text": message.text,
        "thinking": message.thinking,
        "model": message.model or session.profile.model,
        "profile": message.profile or session.profile.name,
        "dialect": asked.dialect or session.profile.dialect,
        "finish_reason": message.ending,
        "raw_finish_reason": message.raw_ending or told,
        "usage": _used(message.usage or Usage()),
        "error": _error(session),
        "session": str(session.transcript.kept) if session.transcript.kept else None,
    }
