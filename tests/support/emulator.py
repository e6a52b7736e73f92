"""A terminal emulator to write to, for what is drawn without a program around it."""

import pyte


class Emulator:
    """A terminal with a scrollback, which counts what is written to it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=100_000)
        self._stream = pyte.Stream(self.screen)
        self.writes: list[str] = []

    def write(self, text: str) -> None:
        self.writes.append(text)
        self._stream.feed(text)

    @property
    def cursor(self) -> tuple[int, int]:
        """Column and row of the cursor, counted from the top of the scrollback."""
        return self.screen.cursor.x, len(self.screen.history.top) + self.screen.cursor.y

    @property
    def text(self) -> list[str]:
        """All rows, from the top of the scrollback to the last that is not empty."""
        above = [
            "".join(row[column].data for column in range(self.screen.columns)).rstrip()
            for row in self.screen.history.top
        ]
        return "\n".join([*above, *(row.rstrip() for row in self.screen.display)]).rstrip().split("\n")
