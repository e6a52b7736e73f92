"""The table and the chart of a benchmark."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured thing: ``ours`` and ``floor`` are the values of the interleaved runs, in ``unit``."""

    name: str
    unit: str
    ours: Sequence[float]
    floor: Sequence[float] = ()
    floor_name: str = ""
    limit: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of ours over the floor's, run by run."""
        pairs = [mine / theirs for mine, theirs in zip(self.ours, self.floor, strict=False) if theirs]
        return statistics.median(pairs) if pairs else None

    def as_data(self) -> dict[str, object]:
        return {
            "name": self.name,
            "unit": self.unit,
            "ours": list(self.ours),
            "floor": list(self.floor),
            "floor_name": self.floor_name,
            "ratio": self.ratio,
            "limit": self.limit,
        }


HEAD = "| what | chatrepl | beside | ratio | at most |\n|---|---|---|---|---|"
"""The head of the table that the rows make."""


def row(figure: Figure) -> str:
    """A figure as a row of a markdown table: median (lowest to highest) of each side, the ratio, and what it may be."""
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    floor = f"{_spread(figure.floor, figure.unit)} {figure.floor_name}".strip() if figure.floor else ""
    return f"| {figure.name} | {_spread(figure.ours, figure.unit)} | {floor} | {ratio} | {figure.limit} |"


def chart(points: Mapping[str, float], unit: str, width: int = 50) -> str:
    """Bars, to see a growth at a glance."""
    most = max(points.values(), default=0) or 1
    return "\n".join(
        f"{name:>8} {'█' * max(round(width * value / most), 1)} {value:.2f} {unit}" for name, value in points.items()
    )


def _spread(values: Sequence[float], unit: str) -> str:
    if not values:
        return ""
    low, middle, high = min(values), statistics.median(values), max(values)
    digits = 1 if unit in ("ms", "MB") else 2
    return f"{middle:.{digits}f} {unit} ({low:.{digits}f}–{high:.{digits}f})"
