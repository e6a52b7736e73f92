"""What a server complains of: the sentence for the user in an error, whatever its shape.

There are as many envelopes as gateways, so this is one walk over the value and no list of paths. It goes to a bounded
depth, and its time is linear in the size of what it walks over.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, islice
from typing import Any

from chatrepl.dialects.framing import Frame, sse
from chatrepl.text.halves import whole_characters
from chatrepl.text.shapes import all_decoded, as_text, decoded, dig, items, table

DEEPEST = 12
"""So many values deep a complaint is looked for."""

LONGEST = 500
"""So many characters of a sentence are told."""

MOST = 5
"""So many complaints of a list are told."""

HEADLINE = 32
"""A sentence that is shorter says too little to stand alone where another one explains it."""

_NAMES = (
    "message errormessage errmsg msg errormsg statusmessage statusmsg detail description errordescription faultstring "
    "error fault failure exception reason details explanation cause title errors issues problems violations"
).split()
"""The fields that hold the words of an error, or what holds them, in letters alone; those that tell it best first."""

_RANKS = {name: rank for rank, name in enumerate(_NAMES)}
_HOLDERS = {"error", "errors", "fault", "failure", "issues"}
"""Those that are looked at before all others where they hold more than a word."""

_EXPLAIN = {"detail", "details", "reason", "description", "explanation", "cause", "errors", "violations", "metadata"}
"""Those that explain a headline."""

_SILENT = re.compile(r"id$|url|uri|link|href|doc|help|trace|stack|input|request|path|time|date|model|type|object", re.I)
"""The fields that hold no complaint, however much they hold."""

_STATUSES = ("code", "status", "statuscode", "httpstatus", "httpcode")
_CODES = ("code", "type", "errorcode", "status")
_PLACES = ("loc", "field", "param", "parameter", "property", "target")


def sentence(value: object, *, anywhere: bool = False) -> str:
    """What an error says, in one line; "" if it is none. ``anywhere`` takes a sentence also from a field of any name,
    for where it is known that the value tells an error."""
    return _said(value, anywhere, 0)


def _said(value: object, anywhere: bool, deep: int) -> str:
    if isinstance(value, str):
        return _line(value, anywhere, deep)
    if deep >= DEEPEST:
        return ""
    if isinstance(value, list):
        said = (_complaint(item, anywhere, deep + 1) for item in value[:1000])
        return "; ".join(islice(dict.fromkeys(filter(None, said)), MOST))[: LONGEST * 2]
    return _best(value, anywhere, deep) if isinstance(value, dict) else ""


def _line(said: str, anywhere: bool, deep: int) -> str:
    """A text on one line; what another server said may stand in it as JSON."""
    if said.lstrip()[:1] in ("{", "[") and deep < DEEPEST:
        with suppress(ValueError):
            return _said(decoded(said), anywhere, deep + 1)
    if (inner := _PYTHON.search(said[: 4 * LONGEST])) and deep < DEEPEST:
        return _line(inner[2], anywhere, deep + 1)
    return whole_characters(" ".join(said[:LONGEST].split()))


_PYTHON = re.compile(r"""^(?:Error code: \d+ - )?\{.*?'message': (['"])((?:(?!\1)[^\\]|\\.)+)\1""")
"""An error as Python's OpenAI client shows it, which gateways pass on."""


def _complaint(item: object, anywhere: bool, deep: int) -> str:
    """One of several, with the place it is about."""
    said = _said(item, anywhere, deep)
    where = ".".join(map(str, items(dig(item, "loc"))))
    return f"{where}: {said}" if where and said else said


def _best(value: dict[str, Any], anywhere: bool, deep: int) -> str:
    """What says most of the fields of an object."""
    first, second = _by_rank(value)
    told = [(name, said) for name, field in first if (said := _said(field, anywhere, deep + 1))]
    if not any(_is_sentence(said) for _, said in told):
        told += [(name, said) for name, field in second if (said := _hidden(name, field, anywhere, deep + 1))]
    sentences = [(name, said) for name, said in told if _is_sentence(said)]
    if not sentences:
        words = [as_text(value.get(code)) for code in _CODES if deep and isinstance(value.get(code), str)]
        return next(chain((said for _, said in told), filter(None, words)), "")
    headline = sentences[0][1]
    more = (said for name, said in sentences[1:] if name in _EXPLAIN and said not in headline)
    explained = next(more, "") if len(headline) < HEADLINE else ""
    return f"{headline.rstrip('.:')}: {explained}" if explained and headline not in explained else explained or headline


def _by_rank(value: dict[str, Any]) -> tuple[list[tuple[str, Any]], list[tuple[str, Any]]]:
    """The fields of an object that may hold a complaint by their names, the best first; and the others."""
    named = [(_plain(name), field) for name, field in islice(value.items(), 1000)]
    known = [(name, field) for name, field in named if name in _RANKS]
    known.sort(key=lambda item: -1 if item[0] in _HOLDERS and not isinstance(item[1], str) else _RANKS[item[0]])
    return known, [(name, field) for name, field in named if name not in _RANKS]


def _hidden(name: str, field: object, anywhere: bool, deep: int) -> str:
    """What a field of any other name says."""
    anyhow = anywhere and not _SILENT.search(name)
    if isinstance(field, list):
        field = [item for item in field if isinstance(item, dict) or (anyhow and _is_told(item))]
    return _said(field, anywhere, deep) if isinstance(field, dict | list) or (anyhow and _is_told(field)) else ""


def _is_told(value: object) -> bool:
    return isinstance(value, str) and _is_sentence(value)


def _plain(name: str) -> str:
    return re.sub("[^a-z]", "", name[:64].lower())


def _is_sentence(said: str) -> bool:
    """Whether it is more than a bare word, or is in a script that needs no blanks."""
    return " " in said or not said.isascii()


# What a program can make use of


def fields(value: object) -> Iterator[tuple[str, Any]]:
    """The fields of the objects in a value, their names in letters alone: those that lie higher come first."""
    level: list[Any] = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        objects = map(table, level)
        yield from ((_plain(name), field) for each in objects for name, field in each.items())
        inner = chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level)
        level = [each for each in inner if isinstance(each, dict | list)]


def words(value: object) -> list[str]:
    """A server's own words for what is wrong."""
    return [field for name, field in fields(value) if name in _CODES and isinstance(field, str)][:MOST]


def parameter(value: object) -> str:
    """The parameter that is blamed, "" for none."""
    for name, field in fields(value):
        if name in _PLACES and field:
            return ".".join(map(as_text, field)) if isinstance(field, list) else as_text(field)
    return ""


def status(value: object) -> int:
    """The status of HTTP that it tells, 0 for none."""
    for name, field in fields(value):
        if name in _STATUSES and re.fullmatch("[45][0-9][0-9]", as_text(field)):
            return int(as_text(field))
    return 0


def wait(value: object) -> float | None:
    """The seconds that are to be waited: Google's ``retryDelay`` of "17s", and what others call so."""
    for name, field in fields(value):
        told = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s?(ms|s)?", as_text(field)) if name in _WAITS else None
        if told:
            return float(told[1]) / (1000 if "ms" in (told[2], name[-2:]) else 1)
    return None


_WAITS = {f"retry{word}{unit}" for word in ("delay", "after", "in") for unit in ("", "s", "seconds", "sec", "ms")}


# What a body holds


def value_of(body: bytes) -> object:
    """What the body of an error holds: JSON, the JSON of a stream's events, the texts of XML or HTML, or plain text."""
    page = body.decode("utf-8-sig", "replace").strip()
    with suppress(ValueError):
        return decoded(body)
    with suppress(ValueError):
        return all_decoded(page)
    if re.match(r"(data|event|id|retry|error)?:", page):
        return [_event(frame) for frame in islice(sse([body]), MOST) if frame.data.strip(' "') != "[DONE]"]
    return _markup(page) if page.startswith("<") else page


def _event(frame: Frame) -> object:
    with suppress(ValueError):
        return decoded(frame.data)
    return frame.data


_ELEMENT = re.compile(r"<(?:\w{1,30}:)?(\w{1,60})\b[^<>]*>([^<]+)<")
_ATTRIBUTE = re.compile(r"""\s(message|msg|reason|detail)=["']([^"'<>]+)["']""", re.IGNORECASE)
_NUMBERS = re.compile(r"&#x?0*[1-9a-fA-F][0-9a-fA-F]{8,};?")
"""References to characters by numbers that no character has: Python refuses to read the longest."""
_PAGE = re.compile(r"<(!doctype\s+html|html|head|body|h1|title)\b", re.IGNORECASE)


def _markup(page: str) -> object:
    """The fields of XML by their names; of a page of HTML its title."""
    from html import unescape

    page = page.replace("<![CDATA[", "").replace("]]>", "")
    found = islice(_ELEMENT.finditer(page), 1000)
    named = [(each[1].lower(), unescape(_NUMBERS.sub("�", each[2])).strip()) for each in found]
    named = [(name, said) for name, said in named if said]
    if _PAGE.search(page, 0, 2000):
        return next((said for wanted in ("title", "h1", "h2", "p") for name, said in named if name == wanted), "")
    return dict(reversed([*named, *_ATTRIBUTE.findall(page[:10_000])]))
