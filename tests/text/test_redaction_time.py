"""What redaction costs: it grows with the text, whatever the secret and the text are made of."""

import time

import pytest
from hypothesis import given, strategies as st

from chatrepl.text import redaction
from chatrepl.text.redaction import HIDDEN, RECOGNISABLE, Hiding, Secrets
from chatrepl.text.shapes import is_crowded

FEW = st.text("ab", min_size=8, max_size=30)


@pytest.mark.parametrize("length", [40, 8_000])
@pytest.mark.parametrize("step", [4, 65_536])
def test_a_key_of_equal_letters_costs_what_the_text_does(length: int, step: int) -> None:
    secrets = Secrets()
    secrets.add("a" * length)
    hiding, began = Hiding(secrets), time.process_time()
    shown = "".join(hiding.feed("a" * step) for _ in range(400_000 // step)) + hiding.end()
    assert shown == HIDDEN
    assert time.process_time() - began < 5


@given(FEW, st.lists(st.one_of(st.text("abx", max_size=5), FEW), max_size=12))
def test_what_is_hidden_is_every_recognisable_beginning(secret: str, parts: list[str]) -> None:
    text = "".join(part + secret[: len(part)] for part in parts)
    secrets = Secrets()
    secrets.add(secret)
    covered = [False] * len(text)
    for at in range(len(text)):
        long = next((n for n in range(len(secret), 0, -1) if text.startswith(secret[:n], at)), 0)
        if long >= min(RECOGNISABLE, len(secret)):
            covered[at : at + long] = [True] * long
    kept = "".join(character for character, hidden in zip(text, covered, strict=True) if not hidden)
    assert secrets.hide(text).replace(HIDDEN, "") == kept


@pytest.mark.parametrize("many", [1, 2, 5])
@given(FEW, st.lists(st.one_of(st.text("abx", max_size=5), FEW), max_size=12), st.integers(1, 40))
def test_a_text_that_is_made_of_a_secret_ends_at_the_same_place_however_it_is_cut(
    many: int, secret: str, parts: list[str], step: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(redaction, "MANY", many)
        secrets = Secrets()
        secrets.add(secret)
        text = "".join(part + secret for part in parts)
        hiding = Hiding(secrets)
        shown = "".join(hiding.feed(text[at : at + step]) for at in range(0, len(text), step)) + hiding.end()
        assert shown == secrets.hide(text)
        assert shown.count(HIDDEN) <= many


def test_what_repeats_a_secret_without_end_is_not_looked_through_to_its_end() -> None:
    secrets = Secrets()
    secrets.add("sk-abcdefgh1234567890")
    shown = secrets.hide("sk-abcdefgh12 " * 400_000 + "end")
    assert shown == (HIDDEN + " ") * (redaction.MANY - 1) + HIDDEN


def test_values_are_counted_outside_of_strings() -> None:
    assert is_crowded("[" + "{}," * 1_000_000 + "1]")
    assert not is_crowded('["' + "{}," * 1_000_000 + '"]')
    assert not is_crowded('["' + '\\",' * 1_000_000 + '"]')
