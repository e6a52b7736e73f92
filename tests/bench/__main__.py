"""``python -m tests.bench [--runs N] [--quick] [--json FILE]``: measures on this machine, in interleaved runs."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import floors, imports, peers, sessions
from tests.bench.process import Run, cpu_of
from tests.bench.report import HEAD, Figure, chart, row
from tests.support import markers
from tests.support.server import END, Exchange, Script, Server, chunk, say, serving
from tests.support.terminal import environment

STARTS = 5
"""So many times more runs for a start: it is short, and its figures jump."""

FELT_KB = 10
"""An answer of the usual length."""

PEERS_KB = 2
"""Some of the peers draw the whole answer anew for every piece of it; a longer one would take minutes."""

_SCRIPT = Path(sys.executable).with_name("chatrepl")
CHATREPL = [str(_SCRIPT)] if _SCRIPT.exists() else [sys.executable, "-m", "chatrepl"]
"""What is typed at a shell, where it is installed."""

OVER = b"2 out"
"""What both sides show at the end of a reply."""


@dataclass(frozen=True)
class Program:
    """A program that is measured: how it is started, what it shows when it awaits a line, and what sends one."""

    command: tuple[str, ...]
    ready: bytes
    enter: str


def main() -> None:
    flags = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    flags.add_argument("--runs", type=int, default=5, help="runs of each side (default 5)")
    flags.add_argument("--quick", action="store_true", help="smaller answers and fewer sessions")
    flags.add_argument("--json", metavar="FILE", help="write the figures there too")
    chosen = flags.parse_args()
    with tempfile.TemporaryDirectory() as folder, serving() as server:
        bench = Bench(Path(folder), server, 2 if chosen.quick else chosen.runs)
        print(f"{date.today()}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print(HEAD, flush=True)
        figures = []
        for figure in bench.figures(quick=chosen.quick):
            figures.append(figure)
            print(row(figure), flush=True)
            if chosen.json:
                Path(chosen.json).write_text(json.dumps([each.as_data() for each in figures], indent=2), "utf-8")
        loaded = bench.loaded()
    print("".join(f"\nLeft out: {why}\n" for why in bench.left_out), end="")
    growth = {each.name.split()[0]: statistics.median(each.ours) for each in figures if "of markdown" in each.name}
    print(f"\nProcessor time by the size of the answer\n{chart(growth, 's')}")
    print(f"\nLoaded to the prompt beyond bare prompt-toolkit: {loaded}")


class Bench:
    """Everything that is measured, each thing beside its floor in the same breath."""

    def __init__(self, folder: Path, server: Server, runs: int) -> None:
        self.server = server
        self.runs = runs
        self.left_out: list[str] = []
        """What could not be measured, and why."""
        self.home = folder / "home"
        self.env = environment(self.home)
        self.words = ("--base-url", server.url, "-m", "m")
        self.chat = Program((*CHATREPL, *self.words), b"\x1b[?2004h", "\r")  # what prompt-toolkit begins to read with
        self.prompt = Program((sys.executable, "-c", floors.PROMPT), b"\x1b[?2004h", "\r")
        self.stream = Program((sys.executable, "-c", floors.STREAM, server.url), b"> ", "\n")
        self.markdown = Program((sys.executable, "-c", floors.MARKDOWN, server.url), b"> ", "\n")

    def figures(self, *, quick: bool) -> Iterator[Figure]:
        yield self.version()
        yield from self.to_the_prompt()
        yield from self.latencies()
        yield from self.answers([10, 50] if quick else [10, 50, 100, 200, 1000])
        yield from self.felt()
        yield from self.paced()
        yield self.longest_frame()
        yield from self.long_session(1_000 if quick else 10_000)
        yield from self.many_sessions(500 if quick else 5_000)
        yield from self.peers()

    def loaded(self) -> str:
        """The modules that ours loads and the bare prompt does not, and their milliseconds."""
        sides = ("-m", "chatrepl", *self.words), self.prompt.command[1:]
        ours, floor = (imports.to_the_prompt(words, self.chat.ready, self.env) for words in sides)
        return imports.report(ours, floor)

    def version(self) -> Figure:
        ours, floor = self._pairs(
            lambda: cpu_of([*CHATREPL, "--version"], self.env),
            lambda: cpu_of([sys.executable, "-c", "pass"], self.env),
        )
        return Figure("`--version`, processor time", "s", ours, floor, "python -c pass", "2")

    def to_the_prompt(self) -> Iterator[Figure]:
        plain = {name: value for name, value in self.env.items() if name != "CHATREPL_HOME"}  # as most people have it

        def start(program: Program) -> tuple[float, float, float]:
            run = Run(program.command, plain)
            wall = run.until(program.ready) - run.started
            cost = wall, run.cpu(), run.memory()
            run.end("\x04")
            return cost

        ours, floor = self._pairs(lambda: start(self.chat), lambda: start(self.prompt), self.runs * STARTS)
        names = ("to the prompt, wall", "to the prompt, processor time", "memory at the prompt")
        for index, (name, unit, limit) in enumerate(
            zip(names, ("s", "s", "MB"), ("1.12", "1.12", "45 MB"), strict=True)
        ):
            mine, theirs = [each[index] for each in ours], [each[index] for each in floor]
            yield Figure(name, unit, mine, theirs, "bare prompt-toolkit", limit)

    def latencies(self) -> Iterator[Figure]:
        ours, floor = self._pairs(lambda: self._latency(self.chat), lambda: self._latency(self.stream))
        for index, name in enumerate(("Enter to request, second turn on", "first byte to first glyph")):
            mine, theirs = [each[index] for each in ours], [each[index] for each in floor]
            yield Figure(name, "ms", mine, theirs, "httpx loop", "floor + 10 ms")

    def _latency(self, program: Program) -> tuple[float, float]:
        """Milliseconds from Enter to the request at the server, and from its first byte to the glyph on the screen."""
        arrived: list[float] = []
        written: list[float] = []

        def script(exchange: Exchange) -> None:
            arrived.append(time.perf_counter())
            exchange.head()
            written.append(time.perf_counter())
            exchange.send(chunk("XGLYPHX "))
            time.sleep(0.3)  # so that the glyph is shown by a frame of its own
            exchange.send(END)

        self.server.answers(*[script] * 4)
        run = Run(program.command, self.env)
        run.until(program.ready)
        enters: list[float] = []
        glyphs: list[float] = []
        for _ in range(4):
            start = len(run.shown)
            enters.append(run.send(f"Hi{program.enter}"))
            glyphs.append(run.until(b"XGLYPHX", start))
            run.until(OVER, start)
            run.until(program.ready, run.shown.rfind(OVER))
            time.sleep(0.2)  # a person reads before the next question
        run.end("\x04")
        to_request = statistics.median(at - enter for at, enter in list(zip(arrived, enters, strict=True))[1:])
        to_glyph = statistics.median(at - sent for at, sent in list(zip(glyphs, written, strict=True))[1:])
        return 1000 * to_request, 1000 * to_glyph

    def answers(self, sizes: list[int]) -> Iterator[Figure]:
        ours: dict[int, list[tuple[float, float, float]]] = {size: [] for size in sizes}
        floor: dict[int, list[tuple[float, float, float]]] = {size: [] for size in sizes}
        for _ in range(self.runs):
            for size in sizes:
                text = markers.document(size * 1000)
                ours[size].append(self._answer(self.chat, fast(text)))
                floor[size].append(self._answer(self.markdown, fast(text)))
        for size in sizes:
            mine, theirs = [each[0] for each in ours[size]], [each[0] for each in floor[size]]
            limit = "0.62" if size == 200 else ""
            yield Figure(
                f"{size}kB of markdown, processor time", "s", mine, theirs, "httpx loop and one rich.Markdown", limit
            )
        yield Figure(f"bytes to the terminal, {sizes[-1]} kB", "MB", [each[1] / 1e6 for each in ours[sizes[-1]]])
        yield Figure(f"memory grown by {sizes[-1]} kB", "MB", [each[2] for each in ours[sizes[-1]]], limit="30 MB")
        if 100 in sizes and 1000 in sizes:
            growth = [big[0] / small[0] for big, small in zip(ours[1000], ours[100], strict=True)]
            yield Figure("1 MB against 100 kB", "x", growth, limit="11")

    def felt(self) -> Iterator[Figure]:
        """What somebody sees of an answer who typed for a second first, and of the next one."""
        text = markers.document(FELT_KB * 1000)

        def talk(program: Program) -> tuple[float, float]:
            self.server.answers(fast(text), fast(text))
            run = Run(program.command, self.env)
            run.until(program.ready)
            time.sleep(1)
            first, second = self._turn(run, program), self._turn(run, program)
            run.end("\x04")
            return first, second

        ours, floor = self._pairs(lambda: talk(self.chat), lambda: talk(self.markdown))
        for index, (when, limit) in enumerate((("asked 1 s after the prompt", "0.65"), ("second turn", "0.65"))):
            mine, theirs = [each[index] for each in ours], [each[index] for each in floor]
            name = f"{FELT_KB} kB, {when}, processor time"
            yield Figure(name, "s", mine, theirs, "httpx loop and one rich.Markdown", limit)

    def _turn(self, run: Run, program: Program) -> float:
        """Processor seconds of a question and its answer."""
        before, start = run.cpu(), len(run.shown)
        run.send(f"Hi{program.enter}")
        run.until(OVER, start)
        run.until(program.ready, run.shown.rfind(OVER))
        return run.cpu() - before

    def _answer(self, program: Program, script: Script) -> tuple[float, float, float]:
        """Processor seconds, bytes to the terminal and MB of memory that one answer takes."""
        self.server.answers(script)
        run = Run(program.command, self.env)
        run.until(program.ready)
        before, memory, start = run.cpu(), run.memory(), len(run.shown)
        run.send(f"Hi{program.enter}")
        run.until(OVER, start)
        cost = run.cpu() - before, float(len(run.shown) - start), run.memory("VmHWM") - memory
        run.end("\x04")
        return cost

    def paced(self) -> Iterator[Figure]:
        text = markers.document(4_000)

        def slow(exchange: Exchange) -> None:
            exchange.head()
            for at in range(0, len(text), 4):
                exchange.send(chunk(text[at : at + 4]))
                time.sleep(1 / 200)
            exchange.send(END)

        ours, floor = self._pairs(
            lambda: self._answer(self.chat, slow)[0],
            lambda: self._answer(self.stream, slow)[0],
        )
        yield Figure("4 kB at 200 tokens/s, processor time", "s", ours, floor, "httpx loop")

    def longest_frame(self) -> Figure:
        """What the painter takes for a frame, at the longest, while 2,000 tokens come in a second."""
        text = markers.document(40_000)

        def quick(exchange: Exchange) -> None:
            exchange.head()
            for at in range(0, len(text), 40):  # ten tokens at once, two hundred times a second
                exchange.send(
                    "".join(chunk(text[place : place + 4]) for place in range(at, min(at + 40, len(text)), 4))
                )
                time.sleep(1 / 200)
            exchange.send(END)

        longest = []
        for _ in range(self.runs):
            told = self.home.with_name("frames")
            command = (sys.executable, "-c", floors.FRAMES, str(told), *self.words)
            self._answer(Program(command, self.chat.ready, self.chat.enter), quick)
            longest.append(1000 * max(map(float, told.read_text().split())))
        return Figure("longest frame at 2,000 tokens/s", "ms", longest, limit="50 ms")

    def long_session(self, messages: int) -> Iterator[Figure]:
        home = self.home.with_name("long")
        sessions.write(home / "sessions", "20261121-000000-aaaa", messages, 2_000)
        env = environment(home)
        resumed = Program((*self.chat.command, "-c"), self.chat.ready, self.chat.enter)

        def start(program: Program, env: Mapping[str, str]) -> tuple[float, float]:
            run = Run(program.command, env)
            wall = run.until(program.ready) - run.started
            arrived: list[float] = []

            def hello(exchange: Exchange) -> None:
                arrived.append(time.perf_counter())
                say("Hello")(exchange)

            self.server.answers(hello)
            entered, begun = run.send(f"Hi{program.enter}"), len(run.shown)
            run.until(OVER, begun)
            run.end("\x04")
            return wall, 1000 * (arrived[0] - entered)

        ours, floor = self._pairs(lambda: start(resumed, env), lambda: start(self.chat, self.env))
        for index, (name, unit) in enumerate((("to the prompt", "s"), ("Enter to request", "ms"))):
            mine, theirs = [each[index] for each in ours], [each[index] for each in floor]
            yield Figure(f"{name} in a session of {messages} messages", unit, mine, theirs, "an empty session", "+ 1 s")

    def many_sessions(self, count: int) -> Iterator[Figure]:
        home = self.home.with_name("many")
        for number in range(count):
            sessions.write(home / "sessions", f"20261121-{number:06}-aaaa", 20, 400)
        env = environment(home)
        listing = [*CHATREPL, "--list-sessions"]
        yield Figure(f"{count} sessions listed", "s", [self._wall(listing, env) for _ in range(self.runs)])
        command = [sys.executable, "-c", floors.LISTED, str(home / "sessions")]
        told = [subprocess.run(command, capture_output=True, check=True).stdout.split() for _ in range(self.runs)]
        first, again = ([float(each[index]) for each in told] for index in (0, 1))
        yield Figure(f"{count} sessions listed again", "s", again, first, "the first time in the process", "0.2")
        run = Run(self.chat.command, env)
        run.until(self.chat.ready)
        found = []
        for _ in range(self.runs):
            start = len(run.shown)
            entered = run.send(f"/find {count - 1:06} message 7{self.chat.enter}")
            run.until(b"\x1b[?2004l", start)  # the prompt ends ...
            found.append(run.until(self.chat.ready, run.shown.find(b"\x1b[?2004l", start)) - entered)
        run.end("\x04")
        yield Figure(f"{count} sessions searched", "s", found)

    def _wall(self, command: list[str], env: Mapping[str, str]) -> float:
        began = time.perf_counter()
        cpu_of(command, env)
        return time.perf_counter() - began

    def peers(self) -> Iterator[Figure]:
        """Ours beside each of the other programs that are installed."""
        home = self.home.with_name("peers")
        env = {**environment(home), "LLM_USER_PATH": str(home / "llm"), "OPENAI_API_KEY": "none"}
        for name, peer in peers.installed(home, self.server.url):
            other = Program(peer.command, peer.ready, peer.enter)
            ask, ask_other = partial(self._short_talk, self.chat, self.env), partial(self._short_talk, other, env)
            try:
                ours, theirs = self._pairs(ask, ask_other)
            except RuntimeError as error:
                self.left_out.append(f"{name}, which does not do what it is asked ({error})")
                continue
            for index, what in enumerate(("to the prompt, wall", f"{PEERS_KB} kB of markdown, processor time")):
                yield Figure(what, "s", [each[index] for each in ours], [each[index] for each in theirs], f"`{name}`")

    def _short_talk(self, program: Program, env: Mapping[str, str]) -> tuple[float, float]:
        """The seconds to the prompt, and the processor seconds that a short answer takes."""
        self.server.answers(fast(f"{markers.document(PEERS_KB * 1000)}\n\nTHE-END\n"))
        run = Run(program.command, env)
        wall = run.until(program.ready) - run.started
        before, start = run.cpu(), len(run.shown)
        run.send(f"Hi{program.enter}")
        run.until(b"THE-END", start)
        run.until(program.ready, run.shown.rfind(b"THE-END"))
        cost = run.cpu() - before
        run.end("\x04")
        return wall, cost

    def _pairs(self, ours: Callable[[], Any], floor: Callable[[], Any], runs: int = 0) -> tuple[list[Any], list[Any]]:
        """The results of both sides, in turn, after one run that does not count."""
        ours(), floor()
        pairs = [(ours(), floor()) for _ in range(runs or self.runs)]
        return [mine for mine, _ in pairs], [theirs for _, theirs in pairs]


def fast(text: str) -> Script:
    """The text in tokens, as fast as the network takes them."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        lines = [chunk(text[at : at + 4]) for at in range(0, len(text), 4)]
        for at in range(0, len(lines), 64):
            exchange.send("".join(lines[at : at + 64]))
        exchange.send(END)

    return script


if __name__ == "__main__":
    main()
