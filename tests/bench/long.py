"""``python -m tests.bench.long [--turns N] [--model FILE]``: a long conversation with llama.cpp's server, whose context
holds 2,048 tokens.

A third of it is compacted by itself, a third by ``/compact``, and a third after a context error. Each request has to
fit, the file has to hold every word, and ``/undo`` has to restore each byte of what would be sent. The model is one of
random weights unless a file is named.
"""

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, islice
from pathlib import Path
from urllib.request import Request, urlopen

from chatrepl import client
from chatrepl.chat import turn
from chatrepl.chat.commands import run
from chatrepl.chat.gauge import Gauge, size_of, weight
from chatrepl.chat.session import Session
from chatrepl.client.embedded import server as embedded
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.conversation import Conversation, Message, TextPart, Turn, question
from chatrepl.dialects import dialect
from chatrepl.sessions import transcript
from chatrepl.usage import Usage
from tests.bench.sessions import TEXT
from tests.support import tinymodel
from tests.support.talking import Talk, talking

CONTEXT = 2_048
REPLY = 64
"""So many tokens at most a reply has."""

EXCERPT = 120
"""So many characters of the corpus a question quotes."""

CORPUS = Path(__file__).parents[1] / "corpus"


@dataclass
class Figures:
    """What was measured of one way to go on."""

    turns: int = 0
    compacted: int = 0
    refused: int = 0
    largest: int = 0
    """The tokens of the longest request and its reply."""
    seconds: float = 0.0
    errors: list[float] = field(default_factory=list)
    """By how much the estimate of each request was off, as a share of what the server counted."""

    def row(self, name: str) -> str:
        """The figures in a line."""
        off = sorted(map(abs, self.errors))
        told = f"estimate off by {statistics.median(off):.1%}, at worst {off[-1]:.1%}" if off else ""
        return (
            f"{name:22} {self.turns:4} turns {self.compacted:3} compactions {self.refused:3} refused, "
            f"longest {self.largest:,} tokens, {self.seconds:.0f} s; {told}"
        )


def excerpts() -> Iterator[str]:
    """Prose, code, tables and several scripts, a piece a question."""
    texts = [path.read_text("utf-8") for path in sorted(CORPUS.glob("*.md"))]
    places = cycle(range(0, 10 * EXCERPT, EXCERPT))
    for text, place in zip(cycle(texts), places, strict=False):
        yield text[place : place + EXCERPT] or text[:EXCERPT]


def outgoing(session: Session) -> bytes:
    """What would be sent for one question, each byte of it."""
    asking = client.spoken(session.profile, session.conversation.asking(question("And now?")))
    request = dialect(session.profile.dialect).encode(session.profile, asking, "", stream=True)
    return json.dumps(request.body).encode()


def coming(session: Session, text: str) -> int:
    """The estimate of the request with that question."""
    return session.gauge.tokens(session.conversation)[0] + session.gauge.estimate(size_of(TextPart(text)))


def asked(session: Session, text: str, figures: Figures) -> None:
    """One turn, and what it shows."""
    before, known = session.conversation.shape, session.conversation.turns[:]
    guess = coming(session, text)
    outcome = turn.send(session, text)
    assert outcome.kept, outcome.failure
    usage = outcome.reply.usage
    assert usage is not None
    assert usage.input is not None
    figures.turns += 1
    figures.largest = max(figures.largest, usage.input + (usage.output or 0))
    assert figures.largest <= CONTEXT
    assert session.conversation.turns[:-1] == known
    if session.conversation.shape != before:
        figures.compacted += 1
    else:
        figures.errors.append(guess / usage.input - 1)


def by_itself(session: Session, text: str, figures: Figures) -> None:
    """Compacted by the program at 90 %."""
    session.config = session.config._replace(compact=0.9)
    asked(session, text, figures)


def by_hand(session: Session, text: str, figures: Figures) -> None:
    """Compacted by the user at 60 %; undone and done again."""
    session.config = session.config._replace(compact=0.0)
    if coming(session, text) > 0.6 * CONTEXT:
        before = outgoing(session)
        run(session, "/compact")
        after = outgoing(session)
        run(session, "/undo")
        assert outgoing(session) == before
        run(session, "/redo")
        assert outgoing(session) == after
        assert len(after) < len(before)
        figures.compacted += 1
    asked(session, text, figures)


def after_an_error(session: Session, text: str, figures: Figures) -> None:
    """Compacted when the server refuses the request."""
    session.config = session.config._replace(compact=0.0)
    done = figures.compacted
    asked(session, text, figures)
    figures.refused += figures.compacted - done


WAYS: dict[str, Callable[[Session, str, Figures], None]] = {
    "by itself at 0.9": by_itself,
    "by /compact": by_hand,
    "after a context error": after_an_error,
}


def kept(session: Session) -> bool:
    """Whether the file holds all that was said, and the summary that is in force."""
    assert session.transcript.path
    state = transcript.read(session.transcript.path)
    return state.conversation == session.conversation


def talk_for(begin: Talk, server: embedded.LocalServer) -> Session:
    """A session with that server."""
    options = {"max_tokens": REPLY, "temperature": 1.0, "seed": 1, "ignore_eos": True}
    place = Url(server.base_url)
    profile = Profile("long", dialect="openai-chat", place=place, model=server.model, context=CONTEXT, options=options)
    session = begin(replace(profile, system="Be brief."), key=server.key)
    session.user = replace(session.user, answer=lambda _question: "y", has_prompt=True)
    return session


def statuses(folder: Path) -> list[int]:
    """How the server answered each request, in the order of the recording."""
    heads = [path.read_bytes().split(b" ", 2)[1] for path in sorted(folder.glob("*.http"))]
    return list(map(int, heads))


def measured(session: Session, turns: int, record: Path) -> None:
    """The whole conversation, and its figures."""
    texts = excerpts()
    for name, way in WAYS.items():
        figures, began, done = Figures(), time.monotonic(), len(statuses(record))
        for text in islice(texts, -(-turns // len(WAYS))):
            way(session, f"What is this about?\n{text}", figures)
        figures.seconds = time.monotonic() - began
        codes = statuses(record)[done:]
        assert [code for code in codes if code != 200] == [400] * figures.refused, codes
        assert kept(session)
        print(figures.row(name), f"{len(codes)} requests", flush=True)
    assert len({id(each) for each in session.conversation.turns}) >= turns


def kinds() -> dict[str, list[str]]:
    """Texts of several kinds."""
    texts = {path.stem: path.read_text("utf-8") for path in CORPUS.glob("*.md")}
    code = [fence for text in texts.values() for fence in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)]
    entry = {
        "id": 48213,
        "name": "user_17",
        "at": "2026-11-26T12:03:44Z",
        "tags": ["a", "b"],
        "score": 81.25,
        "ok": True,
    }
    return {
        "English": [texts[name] for name in ("long-prose", "pancakes", "meeting-notes", "poem", "git-undo")],
        "code": [each for each in code if len(each) > 200],
        "CJK": [texts[name] for name in ("small-chinese", "small-korean", "japanese-travel")],
        "emoji": [texts["small-emoji"], "😀 Great! 🎉🎉 Let's go 🚀🔥 see you 👋🏽 tomorrow ❤️ ✅ done 🙏\n" * 5],
        "JSON": [json.dumps([entry] * 20), json.dumps([entry] * 12, indent=2)],
    }


def tokenized(server: embedded.LocalServer, text: str) -> int:
    """How many tokens the text is, as the server counts."""
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    asked = Request(f"{server.base_url.removesuffix('/v1')}/tokenize", json.dumps({"content": text}).encode(), headers)
    with urlopen(asked) as answer:
        return len(json.load(answer)["tokens"])


def estimates(server: embedded.LocalServer) -> None:
    """By how much the estimate of each kind of text is off before any server has reported."""
    for kind, texts in kinds().items():
        off = [Gauge().estimate(weight(text)) / tokenized(server, text) - 1 for text in texts]
        print(f"estimate of {kind:8} off by {statistics.median(off):+.0%}, at worst {max(off, key=abs):+.0%}")


def gauge(messages: int = 10_000) -> None:
    """How long the gauge takes for one more turn of a conversation of so many messages."""
    for name, usage in (("reported", Usage(9, output=9, total=18)), ("not reported", None)):
        turns: list[Turn] = [
            (question(f"{place} {TEXT}"), Message("assistant", (TextPart(TEXT),), usage=usage))
            for place in range(messages // 2)
        ]
        known, seconds = Gauge(), []
        for count in range(len(turns) - 20, len(turns)):
            began = time.perf_counter()
            known.follow(turns[:count])
            known.tokens(Conversation(turns=turns[:count]))
            seconds.append(time.perf_counter() - began)
        told = f"{1000 * statistics.median(seconds[1:]):.2f} ms a turn, {1000 * seconds[0]:.0f} ms when it is resumed"
        print(f"gauge of {messages:,} messages, usage {name}: {told}")


def main() -> None:
    flags = argparse.ArgumentParser(prog="python -m tests.bench.long", description=__doc__)
    flags.add_argument("--turns", type=int, default=400, help="turns of the conversation (default 400)")
    flags.add_argument("--model", type=Path, metavar="FILE", help="a GGUF file; otherwise one of random weights")
    chosen = flags.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = chosen.model or tinymodel.write(folder / "tiny.gguf", CONTEXT)
        server = embedded.start(model, log=folder / "llama.log", context=CONTEXT)
        gauge()
        try:
            estimates(server)
            with talking(folder / "home") as begin:
                session = talk_for(begin, server)
                session.record = folder / "record"
                measured(session, chosen.turns, session.record)
        finally:
            server.close()


if __name__ == "__main__":
    main()
