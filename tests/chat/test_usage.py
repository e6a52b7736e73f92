"""/usage: tokens from a cache and into one, what they cost and saved, worked out by hand; and models that end soon."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chatrepl.chat import commands, turn
from chatrepl.chat.commands.usage import aligned
from chatrepl.config import built_in, facts, reading
from chatrepl.config.config import Profile
from chatrepl.config.place import Url
from chatrepl.errors import ConfigError
from chatrepl.sessions import transcript
from chatrepl.usage import Price, Usage
from tests.support import faults
from tests.support.program import run
from tests.support.server import Server

ANTHROPIC: dict[str, Any] = {
    "model": "claude-sonnet-5-5-20260901",
    "role": "assistant",
    "content": [{"type": "text", "text": "Yes"}],
    "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 100,
        "cache_read_input_tokens": 20_000,
        "cache_creation_input_tokens": 400,
        "output_tokens": 50,
    },
}
RESPONSES: dict[str, Any] = {
    "model": "gpt-6-luna",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Yes"}]}],
    "usage": {
        "input_tokens": 20_500,
        "input_tokens_details": {"cached_tokens": 20_000, "cache_write_tokens": 400},
        "output_tokens": 50,
    },
}
TABLE = {
    "anthropic": {"claude-sonnet-5-5": {"context": 1_000_000, "price": [2, 10, 0.1, 2.5, 4], "ends": "2026-12-20"}},
    "openai": {"gpt-6-luna": {"context": 900_000, "price": [2, 10, 0.1, 2.5, 4]}},
}


def profile(name: str, server: Server) -> Profile:
    own = built_in(Path("none")).profiles[name]
    base = server.url if name == "openai-responses" else server.url.removesuffix("/v1")
    return replace(own, place=Url(base), base_url_env="", key_env="THE_KEY")


@pytest.mark.parametrize(("name", "body"), [("anthropic", ANTHROPIC), ("openai-responses", RESPONSES)])
def test_usage_tells_cached_tokens_what_they_saved_and_of_which_day_the_prices_are(
    name: str, body: object, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "table.json").write_bytes(facts.written(TABLE, "2099-01-02", "a test"))
    server.answers(*[faults.answer(200, json.dumps(body))] * 2)
    with faults.session(tmp_path, profile(name, server)) as seen:
        facts.load.cache_clear()
        for _ in range(2):
            assert turn.send(seen.session, "Hi").kept
        used = seen.session.conversation.turns[-1][-1].usage
        assert used == Usage(20_500, 20_000, 50, None, 20_550, written=400)
        # 100 x 2 + 20,000 x 0.1 + 400 x 2.5 + 50 x 10 = 3,700 millionths of a dollar; 20,000 x 1.9 were saved
        assert "$0.0037 · as of 2099-01-02" in seen.notes.getvalue()
        seen.notes.truncate(0)
        commands.run(seen.session, "/usage")
        lines = [line.split() for line in seen.notes.getvalue().splitlines()]
    assert ["2", "20,500", "20,000", "50", "$0.0037"] in lines
    assert ["all", "41,000", "40,000", "100", "$0.0074"] in lines
    assert "The cache saved $0.0760." in seen.notes.getvalue()
    assert "prices as of 2099-01-02 · 21k of" in seen.notes.getvalue()


def test_a_reply_costs_what_the_profile_asks_that_gave_it(server: Server, tmp_path: Path) -> None:
    dear = Profile("dear", dialect="openai-chat", place=Url(server.url), model="m", key_env="THE_KEY", price=(10, 30))
    used = {"prompt_tokens": 100_000, "completion_tokens": 100_000, "total_tokens": 200_000}
    body = {"model": "m", "choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}], "usage": used}
    server.answers(faults.answer(200, json.dumps(body)))
    with faults.session(tmp_path, dear) as seen:
        session = seen.session
        cheap = replace(dear, name="cheap", price=(1, 3))
        session.config = session.config._replace(profiles={"dear": dear, "cheap": cheap})
        session.note_who()
        assert turn.send(session, "Hi").kept
        commands.run(session, "/profile cheap")
        seen.notes.truncate(0)
        commands.run(session, "/usage")
        assert "$4.00" in seen.notes.getvalue()
        assert session.spent.cost == 4
        assert seen.session.transcript.path
        state = transcript.read(seen.session.transcript.path)
        assert state.spent.total(session.rates().price).cost == 4


HOURS = {
    "anthropic": {
        **ANTHROPIC,
        "usage": {
            **ANTHROPIC["usage"],
            "cache_creation": {"ephemeral_5m_input_tokens": 100, "ephemeral_1h_input_tokens": 300},
            "service_tier": "standard",
        },
    },
    "openai-responses": {
        **RESPONSES,
        "service_tier": "default",
        "usage": {
            **RESPONSES["usage"],
            "input_tokens_details": {
                "cached_tokens": 20_000,
                "cache_write_tokens": 400,
                "cache_write_tokens_details": {"ttl_30m_tokens": 100, "ttl_12h_tokens": 300},
            },
        },
    },
}


@pytest.mark.parametrize("name", HOURS)
def test_what_is_kept_for_hours_is_priced_apart_also_when_the_session_is_read_again(
    name: str, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "table.json").write_bytes(facts.written(TABLE, "2099-01-03", "a test"))
    server.answers(faults.answer(200, json.dumps(HOURS[name])))
    with faults.session(tmp_path, profile(name, server)) as seen:
        facts.load.cache_clear()
        assert turn.send(seen.session, "Hi").kept
        # 100 x 2 + 20,000 x 0.1 + 100 x 2.5 + 300 x 4 + 50 x 10 = 4,150 millionths of a dollar
        assert seen.session.spent.cost == pytest.approx(0.00415)
        path = seen.session.transcript.kept
        assert path
        seen.session.resume(path)
        assert seen.session.spent.cost == pytest.approx(0.00415)


def test_a_model_that_ends_soon_is_told_once_and_shown_by_the_commands(server: Server, tmp_path: Path) -> None:
    listing = {"data": [{"id": "claude-sonnet-5-5", "retires_at": "2026-12-20T00:00:00Z"}, {"id": "b"}]}
    server.listing = listing
    server.answers(*[faults.answer(200, json.dumps(ANTHROPIC))] * 2)
    with faults.session(tmp_path, profile("anthropic", server)) as seen:
        seen.session.today = lambda: date(2026, 12, 1)
        seen.session.offered()
        for _ in range(2):
            assert turn.send(seen.session, "Hi").kept
        assert seen.notes.getvalue().count("claude-sonnet-5-5 ends in 19 days, on 2026-12-20; /model picks") == 1
        for line in ("/model", "/models"):
            seen.notes.truncate(0)
            commands.run(seen.session, line)
            assert "ends 2026-12-20" in seen.notes.getvalue()


def test_what_the_vendor_names_in_the_place_of_a_model_is_told(server: Server, tmp_path: Path) -> None:
    old = replace(profile("openai-responses", server), model="gpt-5-mini", default_model="")
    server.listing = {"data": [{"id": "gpt-5-mini-tts"}, {"id": "gpt-6.1-terra"}]}
    gone = {"error": {"message": "The requested model was not found.", "code": "model_not_found"}}
    server.answers(
        faults.answer(200, json.dumps({**RESPONSES, "model": "gpt-5-mini"})), faults.answer(404, json.dumps(gone))
    )
    with faults.session(tmp_path, old) as seen:
        seen.session.today = lambda: date(2026, 12, 1)
        turn.send(seen.session, "Hi")
        told = "ends in 10 days, on 2026-12-11; its vendor names gpt-6.1-terra in its place, and /model gpt-6.1-terra"
        assert told in seen.notes.getvalue()
        commands.run(seen.session, "/model")
        assert "ends 2026-12-11, then gpt-6.1-terra" in seen.notes.getvalue()
        turn.send(seen.session, "Hi")
        assert "Its vendor names gpt-6.1-terra in its place. /model NAME picks one" in seen.notes.getvalue()


@pytest.mark.parametrize("day", ["2026-99-99", "soon", 5, None, "2026-01-01", "2027-06-01"])
def test_what_is_no_day_or_past_or_far_says_nothing(day: object, server: Server, tmp_path: Path) -> None:
    server.listing = {"data": [{"id": "m", "shutdown_date": day}]}
    asked = Profile("p", dialect="openai-chat", place=Url(server.url), model="m")
    with faults.session(tmp_path, asked) as seen:
        seen.session.today = lambda: date(2026, 12, 1)
        seen.session.offered()
        assert turn.send(seen.session, "Hi").kept
        assert "ends" not in seen.notes.getvalue()


def test_usage_says_once_that_the_cost_is_unknown(server: Server, tmp_path: Path) -> None:
    asked = Profile("p", dialect="openai-chat", place=Url(server.url), model="m")
    with faults.session(tmp_path, asked) as seen:
        for _ in range(3):
            turn.send(seen.session, "Hi")
        seen.notes.truncate(0)
        commands.run(seen.session, "/usage")
        assert seen.notes.getvalue().count("unknown") == 1


def test_a_price_in_the_configuration_may_have_cache_and_tiers(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def price(written: str) -> object:
        path.write_text(f"[profiles.openai]\nprice = {written}\n")
        return reading.load(path).profile("openai").price

    assert price("[1, 10, 0.1]") == Price(1.0, 10.0, 0.1)
    tiered = Price(1.0, 10.0, None, 2.0, ((200_000, Price(2.0, 20.0)),))
    assert price("{ input = 1, output = 10, written = 2, above = { 200000 = [2, 20] } }") == tiered
    for wrong in (
        "[1]",
        "[1, 2, 3, 4, 5, 6]",
        "[-1, 2]",
        '["a", 2]',
        "{ input = 1 }",
        "{ input = 1, output = 2, x = 3 }",
        "{ input = 1, output = 2, above = 3 }",
        "{ input = 1, output = 2, above = { x = [1, 2] } }",
        "{ input = 1, output = 2, above = { 5 = [1] } }",
        "[nan, 1]",
        "[true, 1]",
    ):
        with pytest.raises(ConfigError, match=r"line 2: profiles.openai.price.* has to be 2 to 5 numbers"):
            price(wrong)


def test_a_list_of_thousands_without_ids_and_with_hostile_names_is_shown_safely(server: Server, tmp_path: Path) -> None:
    odd = [{}, 5, None, {"id": None}, {"id": "evil\x1b[2J\u202e", "context_length": -5, "shutdown_date": "2026-12-02"}]
    server.listing = {"data": [*odd, *({"id": f"m-{number}"} for number in range(5000))]}
    asked = Profile("p", dialect="openai-chat", place=Url(server.url), model="m-1")
    with faults.session(tmp_path, asked) as seen:
        commands.run(seen.session, "/models")
        shown = seen.notes.getvalue()
    assert len(shown.splitlines()) == 5001
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "ends 2026-12-02" in shown


def test_the_doctor_tells_the_dialect_and_when_the_model_ends(server: Server, tmp_path: Path) -> None:
    server.listing = {"data": [{"id": "gpt-6-luna", "shutdown_date": "2027-01-14"}]}
    found = run("--doctor", "-p", "openai", home=tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL=server.url)
    said = found.stdout.decode()
    assert " · gpt-6-luna · openai-chat" in said
    assert "It is not at its vendor's own address, where it speaks openai-responses" in said
    assert "'gpt-6-luna' ends on 2027-01-14" in said


@pytest.mark.parametrize("columns", [79, 45, 39])
def test_the_table_fits_the_terminal(columns: int) -> None:
    rows = [
        ["", "in", "cached", "out", "cost"],
        ["1", "84", "–", "48", "$0.0003"],
        ["session", "1,234,567", "1,024,000", "425,000", "$12.34"],
    ]
    lines = list(aligned(rows, columns))
    assert all(len(line) <= columns for line in lines)
    kept = [row if columns > 40 else row[:2] + row[3:] for row in rows]
    assert [line.split() for line in lines] == [[cell for cell in row if cell] for row in kept]
