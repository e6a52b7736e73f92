"""The pictures of the README: real sessions on a pty, as SVG.

``python -m tests.support.picture`` remakes them.
"""

import json
import re
import sys
import tempfile
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pyte

from tests.support.server import END, Exchange, Script, serving, then
from tests.support.terminal import Terminal, environment

TARGET = Path(__file__).parents[2] / ".github" / "session.svg"
TOOLS = TARGET.with_name("tools.svg")
COLUMNS, ROWS = 84, 30
CELL, LINE, MARGIN = 8.43, 18, 16

COLOURS = {
    "default": "#d8dee9",
    "black": "#3b4252",
    "red": "#e06c75",
    "green": "#98c379",
    "brown": "#e5c07b",
    "blue": "#61afef",
    "magenta": "#c678dd",
    "cyan": "#56b6c2",
    "white": "#d8dee9",
    "brightblack": "#7f8899",
    "brightred": "#ef8189",
    "brightgreen": "#a9d48b",
    "brightbrown": "#f0d08c",
    "brightblue": "#82c4f8",
    "brightmagenta": "#d89aec",
    "brightcyan": "#7fd3de",
    "brightwhite": "#ffffff",
}

CONFIGURATION = """
default = "work"
[profiles.work]
dialect = "openai-chat"
base_url = "{url}"
model = "Llama-3.3-70B-Instruct"
context = 131_072
price = [0.25, 2.0]
"""

ANSWER = """Both read the file; only the second **closes** it when `parse` raises:

```python
def load(path: Path) -> list[Row]:
    with path.open() as file:      # closed in any case
        return [parse(line) for line in file]
```

| | open file after an error | lines held in memory |
|---|---|---|
| yours | yes | all |
| this one | no | the parsed ones |
"""


def answer(text: str) -> Script:
    """A streamed reply with the usage that the status line shows."""
    end = END
    for told, shown in (("prompt_tokens", 412), ("completion_tokens", 131), ("total_tokens", 543)):
        end = re.sub(rf'("{told}": )\d+', rf"\g<1>{shown}", end)
    pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
    return then(pieces, lambda exchange: exchange.send(end))


WEATHER = """
import json, sys
city = json.load(sys.stdin)["city"]
print(f"Sunny in {city}, 21 degrees")
"""

TOOL = """
[tools.weather]
command = ["python3", "weather.py"]
description = "The weather in a city, now."
parameters = { city = "string" }
"""

CITED = {
    "type": "url_citation",
    "url_citation": {"url": "https://example.org/stripes", "title": "Zebras, why stripes?"},
}


def streamed(*deltas: dict[str, Any], reason: str = "stop") -> Script:
    """A reply of these deltas."""

    def script(exchange: Exchange) -> None:
        exchange.head()
        for delta in deltas:
            exchange.send(f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n")
        exchange.send(END.replace('"stop"', f'"{reason}"'))

    return script


def called() -> Script:
    """A reply that calls the tool."""
    function = {"name": "weather", "arguments": '{"city": "Bonn"}'}
    return streamed({"tool_calls": [{"index": 0, "id": "1", "function": function}]}, reason="tool_calls")


_MODES = re.compile(rb"\x1b\[>[\d;]*m")
"""Which keys are asked for; pyte takes it for underlining."""


class Dim(pyte.Screen):
    """A screen on which dim text is grey, for pyte knows no dim text."""

    def select_graphic_rendition(self, *attributes: int, **more: Any) -> None:
        super().select_graphic_rendition(*(90 if each == 2 else each for each in attributes), **more)


def record() -> pyte.Screen:
    """Play the session and return the screen at its end."""
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(CONFIGURATION.format(url=server.url))
        source = Path(folder) / "rows.py"
        source.write_text("def load(path):\n    return [parse(line) for line in open(path).readlines()]\n")
        server.answers(answer(ANSWER))
        words = [sys.executable, "-m", "chatrepl", "--ephemeral"]
        command = ["sh", "-c", f"cd {folder} && exec {' '.join(words)}"]
        env = environment(Path(folder), PYTHONPATH=str(Path(__file__).parents[2]))
        terminal = Terminal(command, env, COLUMNS, ROWS)
        terminal.wait_for_prompt()
        terminal.line("What is wrong with load in @rows.py?")
        terminal.wait_for("131 out")
        terminal.wait_for_prompt()
        terminal.line("/copy .1")
        terminal.wait_for("Code block 1")
        terminal.wait_for_prompt()
        terminal.send("/re")
        terminal.wait_for("/retry")
        screen = Dim(COLUMNS, ROWS)
        pyte.ByteStream(screen).feed(_MODES.sub(b"", terminal.bytes))
        terminal.close()
    return screen


def record_tools() -> pyte.Screen:
    """Play a session with a tool and with sources, and return the screen at its end."""
    with serving() as server, tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.toml").write_text(CONFIGURATION.format(url=server.url) + TOOL)
        (place / "weather.py").write_text(WEATHER)
        server.answers(
            called(),
            streamed({"content": "It is sunny in Bonn, at 21 degrees: a fine day for the **Rheinaue**."}),
            streamed({"content": "Zebras have black skin under the stripes."}, {"annotations": [CITED]}),
        )
        words = [sys.executable, "-m", "chatrepl", "--ephemeral", "--tools", "weather"]
        env = environment(place, PYTHONPATH=str(Path(__file__).parents[2]))
        terminal = Terminal(words, env, COLUMNS, ROWS)
        terminal.wait_for_prompt()
        terminal.line("What shall I do in Bonn today?")
        terminal.wait_for("v view")
        terminal.line("y")
        terminal.wait_for("Rheinaue")
        terminal.wait_for_prompt()
        terminal.line("What colour is a zebra?")
        terminal.wait_for("why stripes?")
        terminal.wait_for_prompt()
        screen = Dim(COLUMNS, ROWS)
        pyte.ByteStream(screen).feed(_MODES.sub(b"", terminal.bytes))
        terminal.close()
    return screen


def svg(screen: pyte.Screen) -> str:
    """The screen as SVG, without blank rows at its end."""
    rows = max(index for index, line in enumerate(screen.display) if line.strip()) + 1
    width, height = COLUMNS * CELL + 2 * MARGIN, rows * LINE + 3 * MARGIN
    cursor = (MARGIN + screen.cursor.x * CELL, 2 * MARGIN + screen.cursor.y * LINE)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img"',
            '     aria-label="A session of chatrepl in a terminal"',
            '     font-family="ui-monospace, \'DejaVu Sans Mono\', Menlo, Consolas, monospace" font-size="14">',
            f'<rect width="{width:.0f}" height="{height:.0f}" rx="10" fill="#21252b"/>',
            *(f'<circle cx="{18 + 18 * dot}" cy="16" r="5" fill="#3e4451"/>' for dot in range(3)),
            f'<rect x="{cursor[0]:.1f}" y="{cursor[1] + 3:.1f}" width="{CELL}" height="{LINE}" fill="#7f8899"/>',
            *(text for row in range(rows) for text in _texts(screen, row)),
            "</svg>\n",
        ]
    )


def _texts(screen: pyte.Screen, row: int) -> list[str]:
    """The runs of one row that look the same."""
    found, column = [], 0
    cells = [screen.buffer[row][x] for x in range(screen.columns)]
    for look, run in groupby(cells, key=lambda cell: (cell.fg, cell.bold, cell.italics, cell.underscore, cell.reverse)):
        text = "".join(cell.data for cell in run)
        if text.strip() or look[4]:
            found += _run(text, look, column, row)
        column += len(text)
    return found


def _run(text: str, look: tuple[str, bool, bool, bool, bool], column: int, row: int) -> list[str]:
    colour, bold, italics, underscore, reverse = look
    x, y = MARGIN + column * CELL, 2 * MARGIN + (row + 1) * LINE
    ink = COLOURS.get(colour, "#d8dee9")
    parts = []
    if reverse:
        parts.append(
            f'<rect x="{x:.1f}" y="{y - LINE + 3:.1f}" width="{len(text) * CELL:.1f}" height="{LINE}" fill="{ink}"/>'
        )
        ink = "#21252b"
    style = (
        ' font-weight="bold"' * bold + ' font-style="italic"' * italics + ' text-decoration="underline"' * underscore
    )
    left = len(text) - len(text.lstrip())
    text, x = text.strip(), x + left * CELL
    if text:
        length = f'textLength="{len(text) * CELL:.1f}"'
        parts.append(
            f'<text x="{x:.1f}" y="{y}" {length} fill="{ink}"{style} xml:space="preserve">{escape(text)}</text>'
        )
    return parts


if __name__ == "__main__":
    for target, play in ((TARGET, record), (TOOLS, record_tools)):
        target.write_text(svg(play()), "utf-8")
        print(f"Written to {target.relative_to(target.parents[1])}")
