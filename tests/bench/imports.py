"""Which modules a start loads, and what each costs, by Python's own account."""

import re
import sys
from collections.abc import Mapping, Sequence

from tests.bench.process import Run

_LINE = re.compile(rb"import time: +(\d+) \| +\d+ \| *(\S+)")


def to_the_prompt(words: Sequence[str], ready: bytes, env: Mapping[str, str]) -> dict[str, float]:
    """The milliseconds of each module, without those it loads itself, that Python with these arguments loads before its
    prompt stands."""
    run = Run([sys.executable, "-X", "importtime", *words], env)
    run.until(ready)
    told = bytes(run.shown[: run.shown.find(ready)])
    run.end("\x04")
    return {match[2].decode(): int(match[1]) / 1000 for match in _LINE.finditer(told)}


def report(ours: Mapping[str, float], floor: Mapping[str, float], most: int = 12) -> str:
    """What ours loads beyond the floor, in a line, and the most expensive of it."""
    more = {name: took for name, took in ours.items() if name not in floor}
    slowest = sorted(more.items(), key=lambda each: -each[1])[:most]
    told = ", ".join(f"{name} {took:.1f}" for name, took in slowest)
    return f"{len(more)} modules, {sum(more.values()):.0f} ms under `-X importtime`; the slowest: {told}"
