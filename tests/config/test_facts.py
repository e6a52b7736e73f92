"""The table of models: what it says, how it is made, and what a broken one does (nothing)."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from chatrepl.config import facts, open_table, successors, vendors
from chatrepl.config.facts import Facts, Table
from chatrepl.usage import Price, Tally, Usage, cost, saved
from tests.support.open_table import OPEN

SHIPPED = Path(facts.__file__).with_name("models.json")


def table(data: Any = OPEN, day: str = "2026-11-26") -> Table:
    return facts.parsed(facts.written(open_table.converted(data), day, "a test"))


def test_what_the_open_table_says_is_what_is_known_of_a_model() -> None:
    tier = (272_000, Price(2.0, 7.5))
    known = table().facts("openai", "gpt-x")
    price = Price(1.0, 5.0, 0.05, None, (tier,), tiers=(("flex", 0.5),))
    assert known == Facts(900_000, 128_000, price, frozenset({"images"}), True, ("xhigh",), "2027-01-14", "gpt-y"), (
        "priority costs twice of the input alone, so its price is unknown"
    )
    assert table().facts("anthropic", "claude-y").price == Price(2.0, 10.0, written=2.5, written_long=4.0)
    assert table().facts("dashscope", "qwen-x").price == Price(0.4, 2.0, above=((256_000, Price(0.5, 3.0)),))
    assert table().facts("dashscope", "qwen-y") == Facts(9, takes=frozenset()), "its thoughts have a price of their own"
    assert not table().facts("anthropic", "claude-x").sampling
    assert table().models("openai") == ["gpt-x"], "no class, no embedding, no name that is none"
    assert table().facts("gemini", "models/gemini-x").context == 1


@pytest.mark.parametrize("name", ["gpt-x-2026-01-05", "gpt-x-20260105", "gpt-x-latest"])
def test_a_date_behind_the_name_hides_no_model(name: str) -> None:
    assert table().facts("openai-responses", name).context == 900_000
    assert table().facts("openai", "gpt-x-mini") == Facts(), "but another word is another model"


def test_the_table_that_comes_with_the_program_is_small_and_knows_every_default() -> None:
    assert SHIPPED.stat().st_size <= 150_000
    shipped = facts.load()
    assert shipped.as_of
    by_name = {"openai", "openai-responses", "anthropic", "gemini", "groq", "deepseek", "mistral"}
    for name in by_name:
        known = shipped.facts(name, vendors.PROFILES[name]["model"])
        assert known.context, name
        assert known.price, name


def test_no_default_and_no_successor_was_shut_down_when_the_vendors_were_looked_up() -> None:
    shipped = facts.load()
    for name, own in vendors.PROFILES.items():
        for model in (own.get("model", ""), *successors.SUCCESSORS.get(name, ())):
            ends = shipped.facts(name, model).ends
            assert not ends or ends > vendors.CHECKED, f"{name}: {model} ended on {ends}"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'{"version":99,"as_of":"2030-01-01"}',
        b'{"version":1,"as_of":"soon"}',
        b"[" * 100_000,
        b'{"version":1,"as_of":"2030-01-01","vendors"',
        "\udcff".encode("utf-8", "surrogateescape"),
    ],
)
def test_a_broken_table_is_as_good_as_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "models.json").write_bytes(data)
    assert facts.load(tmp_path / "models.json").as_of == facts.load().as_of


def test_the_newer_table_counts(tmp_path: Path) -> None:
    older, newer = tmp_path / "older.json", tmp_path / "newer.json"
    older.write_bytes(facts.written(open_table.converted(OPEN), "2020-01-01", "a test"))
    newer.write_bytes(facts.written(open_table.converted(OPEN), "2999-01-01", "a test"))
    assert facts.load(older) == facts.load()
    assert facts.load(newer).models("anthropic") == ["claude-x", "claude-y"]


@pytest.mark.parametrize("data", [None, [], {}, {"gpt-x": OPEN["gpt-x"]}, "table"])
def test_what_is_no_open_table_is_not_converted(data: Any) -> None:
    with pytest.raises(ValueError, match="not the table"):
        open_table.converted(data)


NONSENSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.dictionaries(st.sampled_from(["context", "output", "price", "above", "takes", "efforts", "ends"]), NONSENSE)


@given(FIELDS)
def test_nonsense_in_a_table_is_unknown(fields: dict[str, Any]) -> None:
    data = json.dumps({"version": 1, "as_of": "2026-11-26", "vendors": {"openai": {"m": fields}}}).encode()
    known = facts.parsed(data).facts("openai", "m")
    assert known.context >= 0
    assert known.price is None or min(known.price[:2]) >= 0


def test_cached_and_written_tokens_have_their_own_price() -> None:
    price = Price(2.0, 10.0, 0.2, 2.5)
    usage = Usage(input=1_000_000, cached=500_000, output=100_000, written=200_000)
    # 300,000 at 2, 500,000 at 0.2, 200,000 at 2.5, and 100,000 out at 10
    assert cost(usage, price) == pytest.approx(0.6 + 0.1 + 0.5 + 1.0)
    assert saved(usage, price) == pytest.approx(0.9)
    assert cost(usage, Price(2.0, 10.0)) == pytest.approx(3.0)
    assert saved(usage, Price(2.0, 10.0)) == 0


def test_a_long_question_has_the_price_of_its_tier_and_a_sum_keeps_them_apart() -> None:
    price = Price(1.0, 10.0, above=((200_000, Price(2.0, 20.0)),))
    long, short = Usage(input=200_001, output=1000), Usage(input=200_000, output=1000)
    assert cost(long, price) == pytest.approx(0.400002 + 0.02)
    assert cost(short, price) == pytest.approx(0.2 + 0.01)
    tally = Tally()
    tally.add("m", "p", long)
    tally.add("m", "p", short)
    assert tally.total(lambda model, profile: price).cost == pytest.approx(0.420002 + 0.21)


def test_what_is_kept_for_an_hour_has_its_own_price_and_so_has_a_service_tier() -> None:
    price = Price(2.0, 10.0, 0.1, 2.5, ((200_000, Price(4.0, 20.0)),), "2026-11-26", 4.0, (("flex", 0.5),))
    used = Usage(input=100_000, cached=50_000, output=1000, written=30_000, written_long=10_000)
    # 20,000 at 2, 50,000 at 0.1, 20,000 at 2.5, 10,000 at 4, and 1,000 out at 10
    dollars = 0.04 + 0.005 + 0.05 + 0.04 + 0.01
    assert cost(used, price) == pytest.approx(dollars)
    assert cost(replace(used, tier="flex"), price) == pytest.approx(dollars / 2)
    assert cost(Usage(input=300_000, output=1000, tier="flex"), price) == pytest.approx((1.2 + 0.02) / 2)
    assert cost(replace(used, tier="ultrafast"), price) is None, "a table that does not know it tells no amount"
    assert cost(replace(used, tier="ultrafast"), Price(1.0, 1.0)) == pytest.approx(0.101), "who says it holds for all"
    assert cost(used, price._replace(written_long=None)) == pytest.approx(dollars - 0.015)
    tally = Tally()
    for tier in ("", "flex", "ultrafast"):
        tally.add("m", "p", replace(used, tier=tier))
    whole = tally.total(lambda model, profile: price)
    assert whole.cost == pytest.approx(1.5 * dollars)
    assert whole.unpriced == 1


@pytest.mark.parametrize("name", ["gpt-x", "openai/gpt-x", "models/gpt-x-2026-01-05"])
def test_of_a_model_that_others_offer_it_is_known_what_it_holds_and_not_what_it_costs(name: str) -> None:
    own, known = table().facts("openai", "gpt-x"), table().facts("gateway", name)
    assert known == own._replace(price=None, ends="", next="", by_name=True)
    assert not table().facts("gateway", "claude-x").sampling
    assert table().facts("gateway", "gpt-x-mini") == table().facts("anthropic", "gpt-x") == Facts()
