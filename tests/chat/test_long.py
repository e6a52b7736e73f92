"""A long conversation with tool calls and images goes on and on, whatever the protocol, and loses nothing."""

import json
from dataclasses import replace
from typing import Any

import pytest

from chatrepl import client
from chatrepl.chat import turn
from chatrepl.chat.gauge import BYTES, IMAGE
from chatrepl.chat.session import Session
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import (
    Definition,
    ImagePart,
    Message,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolResultPart,
    Turn,
    question,
)
from chatrepl.dialects import DIALECTS, dialect
from chatrepl.sessions import transcript
from chatrepl.sessions.entries import Mark, Taken
from tests.support.replies import reply
from tests.support.server import Exchange, Server, whole
from tests.support.strict import DOUBLES
from tests.support.talking import Talk

CONTEXT = 12_000
PICTURE = "iVBORw0KGgo="
LOOK = Definition("look", "Looks.", {"type": "object", "properties": {}})


def outgoing(session: Session) -> str:
    asking = client.spoken(session.profile, session.conversation.asking(question("And now?")))
    asking = replace(asking, tools=(LOOK,))
    return json.dumps(dialect(session.profile.dialect).encode(session.profile, asking, "", stream=True).body)


SIGNED = {"gemini": "gemini:{}"}
"""How a dialect keeps what binds a thought to what stands before it, if that goes back in a turn that is over."""


def turn_of(place: int, name: str) -> Turn:
    """A question with an image, a call with its result, and an answer behind a thought that is bound to it."""
    asked = question(f"Question {place}? " + "word " * 60, ImagePart("image/png", PICTURE, f"p{place}.png"))
    call = ToolCallPart(f"c{place}", "look", "{}")
    calls = Message("assistant", (ThinkingPart("Hm.", SIGNED.get(name, "{}").format(f"bound{place}")), call))
    result = Message("tool", (ToolResultPart(call.id, "seen " * 60),))
    return asked, calls, result, Message("assistant", (TextPart(f"Answer {place}. " + "word " * 60),), ending="stop")


def strict(name: str, exchange: Exchange) -> None:
    """Answers as a server does that knows its protocol, and how much it can hold."""
    body: dict[str, Any] = exchange.received.body
    if name == "anthropic":
        body = {**body, "tools": [{"name": "look", "input_schema": LOOK.schema}]}
    said = json.dumps(body)
    sent = [f"bound{place}" for place in range(100)]
    try:
        DOUBLES[name](body, sent)
    except AssertionError as error:
        whole({"error": {"message": str(error)}}, 400)(exchange)
        return
    images = said.count(PICTURE)
    if (len(said) - len(PICTURE) * images + images * IMAGE) / BYTES > 1.3 * CONTEXT:  # names of fields are no tokens
        whole({"error": {"message": f"This model's maximum context length is {CONTEXT} tokens"}}, 400)(exchange)
        return
    reply(name, "In short." if "Now write the summary" in said else "Fine.")(exchange)


@pytest.mark.parametrize("name", DIALECTS)
def test_it_goes_on_by_itself_and_undo_restores_each_byte(
    talk: Talk, server: Server, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = Profile("test", dialect=name, place=Url(server.url), model="m", context=CONTEXT, retries=0)
    session = talk(profile)
    session.config = session.config._replace(compact=0.9)
    monkeypatch.setattr(server, "serve", lambda exchange: strict(name, exchange))
    compacted = 0
    for place in range(1, 25):
        session.transcript.add(Taken(turn_of(place, name)))
        before, shape = outgoing(session), session.conversation.shape
        assert ("bound" in before) == (name in SIGNED)
        outcome = turn.send(session, f"Go on {place}?")
        assert outcome.kept, outcome.failure
        if session.conversation.shape != shape:
            compacted += 1
            after = outgoing(session)
            for kind in ("undo", "undo"):  # the turn, and what was done before it
                session.transcript.add(Mark(kind))
            assert outgoing(session) == before
            for kind in ("redo", "redo"):
                session.transcript.add(Mark(kind))
            assert outgoing(session) == after
            assert len(after) < len(before)
            assert "bound" not in after, "a thought holds only behind what stood before it"
    assert compacted >= 2
    assert len(session.conversation.turns) == 48, "nothing is gone"
    assert session.transcript.path
    assert transcript.read(session.transcript.path).conversation == session.conversation
