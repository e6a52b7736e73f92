"""What the root of the package lends the others: dataclasses and named tuples whose classes cost little to make."""

import copy
import pickle
import re
from dataclasses import asdict, fields, replace as changed
from pathlib import Path
from typing import Any

import pytest

import chatrepl
from chatrepl import NamedTuple, dataclass, field, replace, values


@dataclass(frozen=True)
class Point:
    """One of many."""

    x: int
    y: int = 0

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("left of everything")


@dataclass(frozen=True)
class Pixel:
    """One of few."""

    x: int
    y: int = 0
    names: list[str] = field(default_factory=list, metadata={"of": "a pixel"})


@dataclass()
class Place:
    """One that changes."""

    x: int


@pytest.mark.parametrize("kind", [Point, Pixel])
def test_it_is_a_dataclass(kind: Any) -> None:
    one = kind(1, y=2)
    assert (one.x, one.y, kind(1).y, kind.__match_args__[:2]) == (1, 2, 0, ("x", "y"))
    assert one == kind(1, 2) != kind(1, 3)
    assert replace(one, x=3) == changed(one, x=3) == kind(3, 2)
    assert repr(one).startswith(f"{kind.__name__}(x=1, y=2")
    assert [each.name for each in fields(kind)][:2] == ["x", "y"]
    assert [each.type for each in fields(kind)][:2] == [int, int]
    assert asdict(one) == values(one)
    assert fields(kind)[0] is fields(one)[0], "they are made once"
    assert values(one)["y"] == 2
    match one:
        case Point(x, y) | Pixel(x, y):
            assert (x, y) == (1, 2)


def test_what_has_the_same_values_is_not_the_same() -> None:
    others: list[object] = [Pixel(1), (1, 0), None]
    assert Point(1) not in others
    assert len({Point(1), Point(1), Point(2)}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place(1))


def test_each_has_a_list_of_its_own() -> None:
    for _ in range(120):  # a class of many gets an __init__ of its own
        Pixel(1).names.append("x")
        assert Pixel(1).names == []
    assert fields(Pixel)[-1].metadata["of"] == "a pixel"


@pytest.mark.parametrize("words", ["()", "(1, 2, [], 4)", "(1, x=1)", "(z=1)", "(1, z=2)"])
@pytest.mark.parametrize("kind", [Point, Pixel])
def test_what_no_field_takes_is_refused(kind: type, words: str) -> None:
    with pytest.raises(TypeError):
        eval(f"kind{words}", {"kind": kind})


def test_it_is_checked_as_it_is_made() -> None:
    for _ in range(120):
        assert Point(1) == Point(1, 0)
        with pytest.raises(ValueError, match="left"):
            Point(-1)


class Pair(NamedTuple):
    """Two of a kind."""

    one: int
    other: int = 2

    @property
    def sum(self) -> int:
        return self.one + self.other


def test_it_is_a_named_tuple() -> None:
    pair = Pair(1)
    assert (pair.one, pair.other, pair.sum, pair) == (1, 2, 3, (1, 2))
    assert pair == Pair(one=1, other=2) == Pair(1, other=2) == copy.deepcopy(pair) == pickle.loads(pickle.dumps(pair))
    assert pair._replace(one=5) == Pair(5)
    assert (pair._fields, pair._asdict(), repr(pair)) == (
        ("one", "other"),
        {"one": 1, "other": 2},
        "Pair(one=1, other=2)",
    )
    match pair:
        case Pair(one, other=other):
            assert (one, other) == (1, 2)


@pytest.mark.parametrize("words", ["()", "(1, 2, 3)", "(1, one=1)", "(1, z=2)", "(other=1)", "(1)._replace(z=1)"])
def test_what_no_field_of_a_tuple_takes_is_refused(words: str) -> None:
    with pytest.raises(TypeError):
        eval(f"Pair{words}", {"Pair": Pair})


@dataclass(frozen=True)
class Dot(Pixel):
    """One that has more to it."""

    colour: str = "red"
    y: int = 7


def test_an_heir_has_the_fields_of_its_bases_too() -> None:
    assert Dot(1) == Dot(1, 7, [], "red") != Pixel(1, 7)
    assert [each.name for each in fields(Dot)] == ["x", "y", "names", "colour"]


def test_what_is_said_of_a_field_is_said_in_one_tongue() -> None:
    """A ``field`` of the standard library would be taken for the default itself."""
    mixed = [
        path
        for path in Path(chatrepl.__file__).parent.rglob("*.py")
        if path.name != "__init__.py"
        and re.search(r"^from chatrepl import .*\bdataclass\b", text := path.read_text("utf-8"), re.M)
        and re.search(r"^from dataclasses import .*\b(dataclass|field)\b", text, re.M)
    ]
    assert not mixed
