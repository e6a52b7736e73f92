"""Two thousand turns, one in twenty of them with a fault: no turn is lost, and nothing piles up."""

import os
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.chat import turn as asking
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import question
from chatrepl.sessions.entries import Mark
from tests.support import faults
from tests.support.faults import QUICK, wire
from tests.support.server import Exchange, Script, Server, say

TURNS = 2000
SEED = 7
SPOKEN = wire("openai-chat")

FAULTS: list[Callable[[], list[Script]]] = [
    lambda: [faults.refusal(500)],
    lambda: [faults.refusal(429)] * 3,
    lambda: [faults.refusal(404)],
    lambda: [Exchange.hang_up],
    lambda: [Exchange.hang_up] * 3,
    lambda: [faults.babble],
    lambda: [faults.stream(SPOKEN.kind, last=faults.silence)],
    lambda: [faults.stream(SPOKEN.kind, SPOKEN.begun, last=faults.silence)],
    lambda: [faults.stream(SPOKEN.kind, SPOKEN.begun)],
    lambda: [faults.stream(SPOKEN.kind, SPOKEN.begun, last=Exchange.hang_up)],
    lambda: [faults.stream(SPOKEN.kind, SPOKEN.begun, SPOKEN.error)],
    lambda: [faults.answer(200, "<html>", "text/html")],
    lambda: [faults.answer(200, SPOKEN.whole, SPOKEN.kind, Content_Encoding="gzip")],
]
"""What a turn may meet: the answers to its requests, the last of which is given up on or made good."""


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def memory() -> int:
    """Resident memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc to look at")
def test_no_turn_is_lost_and_nothing_piles_up(server: Server, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    limits = replace(QUICK, first_byte=0.5, silence=0.5)  # a busy machine must not look like a fault
    profile = Profile("test", dialect="openai-chat", place=Url(server.url), model="m", timeouts=limits)
    failed = 0
    with faults.session(tmp_path, profile) as seen:
        for turn in range(TURNS):
            if chance.random() < 0.05:
                server.answers(*chance.choice(FAULTS)())
                failed += one_turn(seen, server, f"question {turn}")
            server.answers(say("Hel", f"lo {turn}"))
            assert one_turn(seen, server, f"question {turn} again") == 0
            assert seen.session.conversation.messages[-1].text == f"Hello {turn}"
            if turn % 50 == 49:
                seen.session.transcript.add(Mark("clear"))
            if turn == TURNS // 4:
                before = memory(), open_files()
        after = memory(), open_files()
        journal = seen.journal
    assert failed > TURNS // 50
    assert after[1] <= before[1] + 3
    assert after[0] - before[0] < 8 * 2**20
    assert all(f'"question {turn} again"' in journal for turn in range(TURNS))
    assert journal.count('"role":"assistant"') >= TURNS


def one_turn(seen: faults.Seen, server: Server, text: str) -> int:
    """Ask, and see that the question is answered, or is back. Whether it failed."""
    outcome = asking.ask(seen.session, question(text))
    reply = outcome.message
    assert outcome.question_back == ("" if reply else text)
    server.forget()
    for kept in (seen.notes, seen.out):
        kept.seek(0)
        kept.truncate()
    return outcome.failure is not None
