"""Who allowed what: whether a call needs a yes, what the question shows, and what a yes holds for.

All of it is pure. A yes is bound to a digest, so that nothing else can be run with it; and nothing that a model, a
server or a result says is looked at here, but for being shown.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from chatrepl.config.tools import Allowed
from chatrepl.text import safe, width
from chatrepl.tools.tool import Call, Tool, canonical


@dataclass(frozen=True, slots=True)
class Grants:
    """All that was allowed so far.

    ``named`` are the tools and servers that --allow named; ``kept`` is what the configuration keeps, by the name
    people call a tool; ``session`` holds the digest of each tool that was allowed for this session.
    """

    named: frozenset[str] = frozenset()
    kept: Mapping[str, Allowed] = field(default_factory=dict)
    session: Mapping[str, Tool] = field(default_factory=dict)


class Verdict(NamedTuple):
    """Whether a call may run unasked, and what changed about the tool since it was allowed, line by line."""

    allowed: bool
    changes: tuple[str, ...] = ()


def verdict(tool: Tool, grants: Grants) -> Verdict:
    """What was said about that tool so far. A tool that is not what it was is asked about again."""
    if tool.approve == "allow" or grants.named & {tool.name, tool.shown, tool.server or tool.name}:
        return Verdict(True)
    if before := grants.session.get(tool.name):
        return Verdict(True) if before.digest == tool.digest else Verdict(False, _changes(kept(before), tool))
    if remembered := grants.kept.get(tool.shown):
        return Verdict(True) if remembered.digest == tool.digest else Verdict(False, _changes(remembered, tool))
    return Verdict(False)


def with_tools(grants: Grants, tools: Iterable[Tool]) -> Grants:
    """Those tools, as they are now, need no yes in this session any more: one tool, or all of a server."""
    return replace(grants, session={**grants.session, **{tool.name: tool for tool in tools}})


def with_kept(grants: Grants, tool: Tool) -> Grants:
    """That tool, as it is now, needs no yes ever again."""
    known = {name: allowed for name, allowed in grants.kept.items() if name != tool.shown}
    return replace(with_tools(grants, [tool]), kept={**known, tool.shown: kept(tool)})


def kept(tool: Tool) -> Allowed:
    """What the configuration keeps of a tool that was allowed for good."""
    return Allowed(tool.digest, tool.origin, tool.description, canonical(tool.schema))


def _changes(before: Allowed, tool: Tool) -> tuple[str, ...]:
    """What is different about the tool, as lines with - and +, safe to show."""
    now = kept(tool)
    lines = (
        line
        for name, old, new in (
            ("runs", before.origin, now.origin),
            ("description", before.description, now.description),
            ("arguments", _pretty(before.schema), _pretty(now.schema)),
        )
        if old != new
        for line in (f"{name}:", *_difference(old, new))
    )
    return tuple(lines) or ("it belongs to another server than before",)


def _pretty(schema: str) -> str:
    try:
        return json.dumps(json.loads(schema), indent=1, ensure_ascii=True)
    except ValueError:
        return schema


def _difference(old: str, new: str) -> Iterator[str]:
    for line in difflib.ndiff(old.splitlines(), new.splitlines()):
        if line[:1] in "+-":
            yield f"{line[0]} {exact(line[2:])}"


LONGEST = 160
"""The columns of a value in the question; what is longer is cut in the middle."""

SHORTEST = 20
"""The columns of a value in a line that tells of a call, however narrow the terminal is."""

MANY = 12
"""So many arguments are shown; of more the first ones and the last."""

_ENDS = 1_000
"""The characters at either end of a long value that are looked at for the question."""


def question(call: Call, room: int = LONGEST) -> str:
    """The call on a line, as it will run: ``files.read_file  path="notes/plan.md"``. What is cut says so: in a value
    of more than ``room`` columns the middle, and of many arguments those in the middle."""
    return phrase(call.tool.shown, call.arguments, room)


def phrase(name: str, arguments: Mapping[str, Any], room: int = LONGEST) -> str:
    """The same of a call that is told of again, whose tool may no longer be there."""
    values = [f"{_key(key, room)}={_cut(value, room)}" for key, value in _few(arguments)]
    if left := len(arguments) - len(values):
        values.insert(-2, f"…{left:,} more arguments…")
    return "  ".join([exact(name), " ".join(values)]).rstrip()


def _few(arguments: Mapping[str, Any]) -> list[tuple[str, Any]]:
    found = list(arguments.items())
    return found if len(found) <= MANY else [*found[: MANY - 2], *found[-2:]]


def whole(call: Call) -> list[str]:
    """Everything about the call that matters to a yes, line by line: what runs, where, and each argument uncut."""
    tool = call.tool
    lines = [f"{exact(tool.shown)}: {exact(tool.description) or 'no description'}", f"runs {exact(tool.origin)}"]
    if tool.annotations:
        lines.append(f"its server says of it (not checked): {exact(canonical(tool.annotations))}")
    return lines + [f"{_key(name)} = {_value(value)}" for name, value in call.arguments.items()]


def _key(name: str, room: int = 0) -> str:
    if re.fullmatch(r"[A-Za-z_]\w{0,63}", name, re.ASCII):
        return name
    return _cut(name, room) if room else _value(name)


def _value(value: Any) -> str:
    """A value as JSON, with a stand-in for each character that acts, hides or breaks the line."""
    return exact(value, quoted=True) if isinstance(value, str) else exact(json.dumps(value, ensure_ascii=False))


def _cut(value: Any, room: int) -> str:
    text, quoted = (value, True) if isinstance(value, str) else (json.dumps(value, ensure_ascii=False), False)
    bare = text if len(text) <= 2 * _ENDS else _RUNS.sub(_counted, text)
    head, tail = exact(bare[:_ENDS], quoted=quoted), exact(bare[-_ENDS:], quoted=quoted)
    if len(bare) <= _ENDS and width.width(head) <= room:
        return head
    mark = f"…{len(text):,} characters…"
    half = max(4, (room - len(mark)) // 2)
    return width.cut(head, half) + mark + width.cut(tail[::-1], half)[::-1]


_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
_BLANKS = re.compile(r"[^\S ]|\t")
_RUNS = re.compile(r" {9,}")
_HIDDEN = re.compile("[\u200c-\u200f\u061c\u034f\ufe00-\ufe0f]")


def exact(text: str, *, quoted: bool = False) -> str:
    """The text on one line, with nothing in it that could be taken for something else: breaks are ⏎, characters that
    act or hide are stand-ins, and a long row of blanks is counted, for it would push the rest out of sight."""
    if quoted:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    line = safe.text(_BREAK.sub("⏎", text).replace("\t", "⇥"))
    line = _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", line)
    line = _BLANKS.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", line)
    line = _RUNS.sub(_counted, line)
    return f'"{line}"' if quoted else line


def _counted(blanks: re.Match[str]) -> str:
    return f"⟨{len(blanks[0]):,} blanks⟩"


def refused_unasked(call: Call, *, changed: bool = False) -> str:
    """What is said where nobody can be asked; ``changed`` is a tool that was allowed for good, and is another now."""
    name = call.tool.shown
    why = "it has changed since you allowed it" if changed else "there is no prompt to ask at"
    return f"{name} was not run: {why}. --allow {name} allows it"
