"""Bar charts as SVG for docs/: text only, light or dark as the reader prefers. Knows nothing of what is measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, VALUES, MARGIN = 720, 170, 60, 20
TITLE, LEGEND, HEADING = 34, 26, 30
BAR, BAR_GAP, ROW_GAP = 12, 2, 10
_PLOT = WIDTH - LABELS - VALUES - 2 * MARGIN

STYLE = """
  svg { font: 12px system-ui, sans-serif; }
  .ground { fill: #ffffff; } text { fill: #1f2328; } .dim { fill: #59636e; } .axis { stroke: #818b98; }
  .title { font-size: 15px; font-weight: 600; } .bold { font-weight: 600; }
  .s0 { fill: #8c959f; } .s1 { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } text { fill: #f0f6fc; } .dim { fill: #9198a1; } .axis { stroke: #656c76; }
    .s0 { fill: #767e89; } .s1 { fill: #4493f8; }
  }
"""


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars with a scale of their own: by row, one value for each series. `digits` are those after the point."""

    heading: str
    rows: Mapping[str, Sequence[float]]
    digits: int = 2

    @property
    def largest(self) -> float:
        """What the longest bar stands for."""
        return max(value for values in self.rows.values() for value in values)

    def height(self, series: int) -> int:
        """Pixels, heading included."""
        return HEADING + len(self.rows) * row_height(series)


def row_height(series: int) -> int:
    """Pixels of a row with so many bars."""
    return series * (BAR + BAR_GAP) - BAR_GAP + ROW_GAP


def length(value: float, largest: float) -> float:
    """Pixels of a bar."""
    return round(_PLOT * value / largest, 1) if largest > 0 else 0.0


def chart(title: str, series: Sequence[str], panels: Sequence[Panel]) -> str:
    """Panels below each other; at most two series."""
    height = MARGIN + TITLE + LEGEND + sum(panel.height(len(series)) for panel in panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(MARGIN, TITLE, title, "title"),
        *_legend(series),
        *_panels(panels, len(series)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def _legend(series: Sequence[str]) -> Iterator[str]:
    x, y = MARGIN + LABELS, TITLE + LEGEND
    for number, name in enumerate(series):
        yield f'<rect class="s{number}" x="{x}" y="{y - 10}" width="{BAR}" height="{BAR}"/>'
        yield _text(x + BAR + 6, y, name)
        x += BAR + 30 + 7 * len(name)


def _panels(panels: Sequence[Panel], series: int) -> Iterator[str]:
    top = TITLE + LEGEND
    for panel in panels:
        yield _text(MARGIN, top + HEADING - 8, panel.heading, "bold")
        yield from _rows(panel, top + HEADING)
        top += panel.height(series)


def _rows(panel: Panel, top: int) -> Iterator[str]:
    left = MARGIN + LABELS
    series = max(map(len, panel.rows.values()))
    bottom = top + len(panel.rows) * row_height(series) - ROW_GAP
    yield f'<line class="axis" x1="{left}" x2="{left}" y1="{top - 3}" y2="{bottom + 3}"/>'
    for label, values in panel.rows.items():
        middle = top + (row_height(len(values)) - ROW_GAP) / 2 + 4
        yield _text(left - 8, middle, label, anchor="end")
        for number, value in enumerate(values):
            y, width = top + number * (BAR + BAR_GAP), length(value, panel.largest)
            yield f'<rect class="s{number}" x="{left}" y="{y}" width="{width:g}" height="{BAR}"/>'
            yield _text(left + width + 6, y + BAR - 2, f"{value:,.{panel.digits}f}", "dim")
        top += row_height(len(values))
