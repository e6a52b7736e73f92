"""Tokens and money: no price is invented, and no turn is counted twice."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatrepl.chat import gauge, rates as usage
from chatrepl.chat.gauge import Gauge, size_of, weight
from chatrepl.chat.rates import Rates
from chatrepl.config.config import Profile
from chatrepl.config.facts import load
from chatrepl.config.place import Embedded
from chatrepl.conversation import Conversation, MediaPart, Message, TextPart, Turn, continued, question
from chatrepl.dialects import ModelInfo
from chatrepl.events import Usage
from chatrepl.sessions.entries import Entry, Mark, Piece, Said, Taken
from chatrepl.sessions.state import State
from chatrepl.usage import Price, Tally
from tests.support import faults
from tests.support.calls import calls
from tests.support.program import run
from tests.support.server import Server
from tests.support.terminal import chatrepl, environment

WORK = Profile("work", model="gpt-5", price=(1.0, 10.0))


def turn(text: str = "Yes", model: str = "gpt-5", used: Usage | None = None) -> Turn:
    return question("Well?"), Message("assistant", (TextPart(text),), model, "stop", used)


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-5", True),
        ("gpt-5-2025-08-07", True),
        ("gpt-5-0613", True),
        ("openai/gpt-5", True),
        ("gpt-5-mini", False),
        ("gpt-5-mini-2025-08-07", False),
        ("gpt-5-1", False),
        ("gpt-50", False),
        ("not-gpt-5", False),
    ],
)
def test_a_price_holds_for_its_model_and_dated_builds_of_it(model: str, known: bool) -> None:
    assert (Rates(WORK, [WORK]).price(model) is not None) is known


def test_a_price_without_a_model_holds_for_its_own_profile_alone() -> None:
    own = Profile("gateway", price=(3.0, 4.0))
    assert Rates(own, [WORK, own]).price("anything") == Price(3.0, 4.0)
    assert Rates(WORK, [WORK, own]).price("anything") is None
    assert Rates(WORK, [WORK, own]).price("anything", "gateway") == Price(3.0, 4.0), "a fallback answered"


def test_the_profile_is_believed_before_its_server_and_a_size_of_others_last() -> None:
    other = Profile("other", model="gpt-5", price=(7.0, 7.0))
    offers = [ModelInfo("gpt-5", price=Price(5.0, 5.0))]
    assert Rates(WORK, [other, WORK], offers).price("gpt-5") == Price(1.0, 10.0)
    assert Rates(Profile("new"), [other], offers).price("gpt-5") == Price(5.0, 5.0)
    assert Rates(Profile("new"), [other]).price("gpt-5") is None, "a price is its profile's own"
    assert Rates(Profile("new"), [replace(other, context=9)]).context(Profile("new", model="gpt-5")) == 9
    assert Rates(replace(WORK, model="gpt-4"), [WORK]).price("gpt-4") is None, "by /model, which changes no price"


def test_a_reply_that_was_gone_on_with_counts_in_both_its_parts() -> None:
    begun = turn(used=Usage(10, 0, 5, None, 15))[1]
    whole = continued(begun, turn(used=Usage(20, 0, 7, 3, 27))[1])
    assert whole.usage == Usage(30, 0, 12, 3, 27)
    tally = tallied([(question("Well?"), whole)])
    assert tally.total(Rates(WORK, [WORK]).price).cost == pytest.approx((30 + 120) / 1e6)
    stopped = continued(replace(begun, usage=None), turn(used=Usage(20, 0, 7, 3, 27))[1])
    assert stopped.usage == Usage(20, 0, 7, 3, 27), "the sum of what was told"
    assert continued(replace(begun, usage=None), turn()[1]).usage is None


def tallied(turns: Iterable[Turn]) -> Tally:
    tally = Tally()
    for *_, last in turns:
        tally.add(last.model, last.profile, last.usage)
    return tally


def test_a_turn_is_looked_at_once_however_long_the_conversation(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, priced = calls(monkeypatch, gauge, "_size"), calls(monkeypatch, Rates, "price")
    state, length, rates = State(), Gauge(), Rates(WORK, [WORK])
    for count in range(1, 200):
        state.take(Taken(turn(used=Usage(1, None, 1) if count % 2 else None, model="gpt-5" if count % 3 else "b")))
        length.follow(state.conversation.turns)
        state.spent.total(rates.price)
    assert len(looked) == 2 * 199
    assert len(priced) < 2 * 199 + 1, "once for each model"


def changes() -> Iterator[list[Turn]]:
    """Conversations as one becomes the next by all that can be done to it."""
    one, two, three = turn("One", used=Usage(1, None, 2)), turn("Two"), turn("Three", "b", Usage(3, None, 4))
    yield []
    yield [one, two]
    yield [one, two, three]
    yield [one, three]
    yield [one]
    yield []
    yield [two]
    yield [three, two, one]


def test_who_goes_back_is_followed() -> None:
    length = Gauge()
    for turns in changes():
        anew = Gauge()
        anew.follow(turns)
        length.follow(turns)
        assert length.tokens(Conversation("brief", turns)) == anew.tokens(Conversation("brief", turns))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [  # as OpenAI's and Anthropic's tokenizers count, on the whole
        ("The harbour was quiet that morning, and nobody spoke of the storm. " * 20, 281),
        (json.dumps([{"id": 48213, "at": "2026-11-26T12:03:44Z", "score": 81.25, "tags": ["a", "b"]}] * 20), 850),
        ("人工智能是计算机科学的一个分支，它企图了解智能的实质。" * 10, 270),
        ("😀🎉🚀🔥👋 ✅ " * 20, 240),
    ],
)
def test_signs_and_other_scripts_weigh_more_than_letters(text: str, tokens: int) -> None:
    assert 0.7 < Gauge().estimate(gauge.weight(text)) / tokens < 1.3


def test_each_report_corrects_the_ratio_what_was_asked_too() -> None:
    length, turns = Gauge(), [turn("Begin", used=Usage(10, output=2, total=12))]
    for place in range(1, 6):
        asked = question("word " * 400)  # of which this server makes 1,000 tokens
        turns.append((asked, turn(used=Usage(1012 * place, output=2, total=1012 * place + 2))[1]))
        length.follow(turns)
    assert length.estimate(gauge.weight("word " * 400)) == pytest.approx(1000, rel=0.1)


def test_what_was_spent_stays_spent_whatever_becomes_of_the_conversation() -> None:
    state, rates = State(), Rates(WORK, [WORK])
    state.take(Taken(turn(used=Usage(1000, None, 100))))
    steps: list[Sequence[Entry]] = [
        [Said(question("Well?")), Said(turn(used=Usage(1000, None, 100))[1])],
        [Mark("retry"), Said(turn(used=Usage(1000, None, 100))[1])],
        [Mark("continue"), Said(turn(used=Usage(1000, None, 100))[1])],
        [Mark("retry"), Said(replace(turn(used=Usage(1000, None, 100))[1], ending="failed"))],
        *([Mark(kind, count=int(kind == "edit"))] for kind in ("undo", "redo", "edit", "clear", "undo")),
    ]
    spent = []
    for step in steps:
        for entry in step:
            state.take(entry)
        spent.append(round(state.spent.total(rates.price).cost, 6))
    assert spent == [0.004, 0.006, 0.008, 0.01, *[0.01] * 5]
    state.take(Mark("retry"))
    state.take(Piece("Ye"))
    state.settle()
    assert (state.spent.total(rates.price).replies, state.spent.total(rates.price).unpriced) == (6, 1)


@pytest.mark.parametrize(
    ("amount", "told"), [(0.0, "$0.0000"), (0.00004, "<$0.0001"), (0.00005, "$0.0001"), (2.5, "$2.50")]
)
def test_what_cost_something_is_not_told_as_nothing(amount: float, told: str) -> None:
    assert usage.dollars(amount) == told


def test_the_context_is_the_models_and_the_profile_is_believed_first() -> None:
    own, other = Profile("own", model="a", context=100), Profile("other", model="b", context=300)
    known, offers = [own, other], [ModelInfo("a", 200), ModelInfo("b", 250), ModelInfo("c", 270)]
    of = replace
    assert Rates(own, known, offers).context(own) == 100, "what the profile says comes before what its server tells"
    assert Rates(of(own, context=0), [of(own, context=0), other], offers).context(own) == 200
    assert Rates(own, known, offers).context(of(own, model="b")) == 250, "and that before what others say"
    assert Rates(own, known).context(of(own, model="b")) == 300
    assert Rates(own, known, offers).context(of(own, model="c")) == 270
    assert Rates(own, known).context(of(own, model="c")) is None, "what holds for a holds for no other"
    assert Rates(own, known, offers).context(of(other, model="c")) is None, "nor do the offers of another server"
    assert Rates(own, known).context(of(own, model="a-20250807")) == 100, "a dated build of it"


def test_a_context_without_a_model_holds_for_all_models_of_its_profile() -> None:
    own = Profile("gateway", context=100)
    assert Rates(own, [own]).context(replace(own, model="anything")) == 100
    assert Rates(WORK, [WORK, own]).context(replace(WORK, model="anything")) is None


def test_where_no_model_is_named_the_size_is_that_of_the_first_one_offered() -> None:
    own = Profile("own")
    assert Rates(own, [own], [ModelInfo("a", 200), ModelInfo("b", 250)]).context(own) == 200
    assert Rates(own, [own], [ModelInfo("a"), ModelInfo("b", 250)]).context(own) is None
    assert Rates(own, [own]).context(own) is None


def test_the_embedded_model_holds_what_its_server_does() -> None:
    local = Profile("local", place=Embedded())
    running = replace(local, model="SmolLM2", place=Embedded("http://127.0.0.1:9/v1", 4096))
    assert Rates(local, [local]).context(running) == 4096
    assert Rates(local, [replace(local, context=512)]).context(running) == 512
    assert Rates(local, [local]).context(local) == 4096, "before it runs too"


OLLAMA = """
default = "work"
[profiles.work]
dialect = "ollama"
base_url = "{url}"
model = "a"
context = 1000
[profiles.two]
dialect = "openai-chat"
base_url = "{url}"
model = "c"
context = 3000
"""


def test_another_model_has_another_context_on_screen_and_on_the_wire(server: Server, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text(OLLAMA.format(url=server.url))
    with chatrepl(env=environment(home)) as chat:
        chat.wait_for("work · a · 0/1k")
        chat.line("/model b")
        chat.wait_for("work · b · 0 tokens")
        chat.line("/model c")
        chat.wait_for("work · c · 0/3k")
        chat.line("/model a")
        chat.wait_for("work · a · 0/1k")
        chat.line("/quit")
    body = json.dumps({"message": {"content": "Hi"}, "done": True, "done_reason": "stop"})
    for flags, size in (([], 1000), (["-m", "b"], None), (["-m", "a"], 1000)):
        server.answers(faults.answer(200, body))
        assert run(*flags, "--no-stream", "Hello", home=home).returncode == 0
        assert server.requests[-1].body.get("options", {}).get("num_ctx") == size


def test_the_size_is_told_before_the_first_question_from_the_table_and_by_a_server_on_this_machine(
    server: Server, home: Path
) -> None:
    server.listing = {"data": [{"id": "m", "meta": {"n_ctx": 5120}}]}
    of_the_table = load().facts("openai", "gpt-6-luna").context
    with chatrepl("-p", "openai", env=environment(home, OPENAI_API_KEY="k", OPENAI_BASE_URL=server.url)) as chat:
        chat.wait_for(f"gpt-6-luna · 0/{usage.short(of_the_table or 0)} · new session")
    with chatrepl("--base-url", server.url, "-m", "m", env=environment(home)) as chat:
        chat.wait_for("by-hand · m · 0 tokens")

        def typed() -> bool:  # as soon as all is loaded, a key asks for it
            chat.send("x")
            return "by-hand · m · 0/5k" in chat.text()

        chat.until(typed, "the size")
    assert not server.requests


def test_a_pdf_that_goes_in_words_counts_as_these() -> None:
    text = "words " * 100
    assert (
        size_of(MediaPart("application/pdf", "AAAA", "a.pdf", text))
        >= weight(text)
        > size_of(MediaPart("audio/wav", "AAAA"))
    )
