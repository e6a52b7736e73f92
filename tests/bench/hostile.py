"""``python -m tests.bench.hostile [WORD]``: inputs made to fill time or memory, and what each costs.

A row an input: its size, the seconds of a processor beside the start of the program, its memory at the highest. With
a word, the inputs alone whose name holds it. What is not about time or memory is tested where it belongs.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.client.test_hostile_bodies import HOSTILE, MEMORY, TIME, of, times
from tests.support.measuring import MB, Done, measured
from tests.support.server import Server, chunk, serving

SIZE = 64 * MB
KEY = "a" * 40

Case = Callable[[Path, Server], Done]


class Input(NamedTuple):
    """A hostile input: how many bytes of it there are, and what takes it in."""

    name: str
    size: int
    case: Case


def answered(script: object, home: Path, server: Server, *words: str) -> Done:
    """A question whose answer it is."""
    server.answers(script)  # type: ignore[arg-type]
    profile = [] if "-p" in words else ["--base-url", server.url, "-m", "m"]
    return measured(home, *profile, *words, "Hi")


def replied(text: str, home: Path, server: Server, *words: str) -> Done:
    """A reply of 64 MiB that says that again and again."""
    piece = chunk(text * (65_536 // len(text))).encode()
    return answered(of(times(piece, SIZE // 65_536 + 20)), home, server, *words)


def keyed(text: str, home: Path, server: Server) -> Done:
    """The same, with a key of equal letters."""
    home.mkdir(exist_ok=True)
    profile = f'[profiles.w]\ndialect = "openai-chat"\nbase_url = "{server.url}"\nmodel = "m"\n'
    (home / "config.toml").write_text(f'{profile}key_command = ["echo", "{KEY}"]\n')
    return replied(text, home, server, "-p", "w")


DRAWN = """
import sys
from chatrepl.terminal.drawing import Drawing, Rendering, ansi
unit, head, marks = sys.argv[1:4]
text = head + "*" * int(marks) + unit * (((64 << 20) - 2 * int(marks)) // len(unit)) + "*" * int(marks)
rendering = Rendering(Drawing(80))
for at in range(0, len(text), 8 << 20):
    rendering.feed(text[at : at + (8 << 20)])
    for line in rendering.take():
        ansi(line)
for line in rendering.finish():
    ansi(line)
"""

MARKDOWN = {
    "paragraph": ("lorem ipsum dolor sit amet\n", "", "0"),
    "paragraphs": ("lorem *ipsum* dolor\n\n", "", "0"),
    "one line without spaces": ("x", "", "0"),
    "stars": ("a", "", "20000000"),
    "table": ("| x | y |\n", "| a | b |\n|---|---|\n", "0"),
    "fence": ("x = [1, 2]\n", "```python\n", "0"),
    "list": ("- item\n", "", "0"),
    "quotes in quotes": (">" * 50 + " q\n", "", "0"),
    "brackets": ("[", "", "0"),
    "escapes": ("\x1b[2J", "", "0"),
}


def drawn(kind: str, home: Path, _server: Server) -> Done:
    """Markdown as a terminal shows it, eight pieces of 8 MiB."""
    return measured(home, *MARKDOWN[kind], python=DRAWN)


def listed(lines: Callable[[], Iterator[str]], home: Path, _server: Server, *words: str) -> Done:
    """A session of these lines behind its first, listed."""
    (home / "sessions").mkdir(parents=True, exist_ok=True)
    with (home / "sessions" / "20260101-000000-0000.jsonl").open("w") as file:
        file.write('{"chatrepl":2,"id":"20260101-000000-0000","at":""}\n')
        file.writelines(lines())
    return measured(home, *(words or ("--list-sessions",)))


def sparse(home: Path, _server: Server) -> Done:
    """A file of 200 GB in which nothing stands."""
    (home / "sessions").mkdir(parents=True, exist_ok=True)
    with (home / "sessions" / "20260101-000000-0000.jsonl").open("wb") as file:
        file.truncate(200 * 10**9)
    return measured(home, "--list-sessions")


def no_texts() -> Iterator[str]:
    """Turns whose questions are pictures alone."""
    picture = {"kind": "image", "mime": "image/png", "data": "x" * 1_000, "name": "a"}
    question = json.dumps({"message": {"role": "user", "parts": [picture]}}, separators=(",", ":"))
    answer = '{"message":{"role":"assistant","parts":[{"kind":"text","text":"ok"}]}}'
    return (f"{question}\n{answer}\n" for _ in range(60_000))


def inputs() -> Iterator[Input]:
    """All of them."""
    for name, (script, _) in HOSTILE.items():
        yield Input(f"an answer: {name}", SIZE, partial(answered, script))
    yield Input("a reply: words", SIZE, partial(replied, "lorem ipsum dolor sit amet\n"))
    yield Input(
        "a reply: words, recorded", SIZE, lambda home, server: replied("word ", home, server, "--record", f"{home}/r")
    )
    yield Input("a reply: the key's letter", SIZE, partial(keyed, "a"))
    yield Input("a reply: beginnings of the key", SIZE, partial(keyed, f"{'a' * 20} "))
    for kind in MARKDOWN:
        yield Input(f"drawn: {kind}", SIZE, partial(drawn, kind))
    deep = '{"mark":"rename","text":' + "[" * 100_000 + "]" * 100_000 + "}\n"
    yield Input("a session: brackets in brackets", len(deep), partial(listed, lambda: iter([deep])))
    yield Input("a session: questions without a text", SIZE, partial(listed, no_texts))
    yield Input("a session: damaged lines", SIZE, partial(listed, lambda: ("{damaged}\n" for _ in range(6_000_000))))
    yield Input("a session: 200 GB of nothing", 200 * 10**9, sparse)


def main() -> None:
    """Try them, a row each."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    print(f"| input | MB | s (bound {TIME:g}) | MB of memory (bound {MEMORY}) | status |\n|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder, serving() as server:
        start = measured(Path(folder) / "start", "--version").seconds
        for number, each in enumerate(each for each in inputs() if wanted in each.name):
            done = each.case(Path(folder) / str(number), server)
            seconds, over = done.seconds - start, done.seconds - start > TIME or done.megabytes > MEMORY
            mark = " over" if over else ""
            print(
                f"| {each.name} | {each.size / 1e6:,.1f} | {seconds:.2f} | {done.megabytes:.0f} | {done.status}{mark} |"
            )


if __name__ == "__main__":
    main()
