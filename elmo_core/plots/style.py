"""What all figures share: the template, the palette, the marks, and text that is safe to draw."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from elmo_core.measuring.intervals import Estimate

# The first four are those of Okabe and Ito 2008 that stand out by 3:1 from a white and from a dark page;
# their other three do not on white, so the last three are darker. A shape goes with every colour.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b07d00", "#2f97c1", "#8d62c9")
SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross", "star", "hexagon", "triangle-down")
NEUTRAL, INK = "#7f8c93", "#1d2b30"

TEMPLATE = go.layout.Template(
    layout={
        "font": {
            "family": "Source Sans, Source Sans Pro, Helvetica, Arial, sans-serif",
            "size": 14,
            "color": INK,
        },
        "colorway": PALETTE,
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {"align": "left", "bgcolor": "#ffffff"},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemsizing": "constant"},
        "xaxis": {"zeroline": False, "gridcolor": "#d3dee1"},
        "yaxis": {"zeroline": False, "gridcolor": "#d3dee1"},
    }
)


def new_figure(height: int) -> go.Figure:
    """An empty figure in the house style."""
    figure = go.Figure(layout={"template": TEMPLATE, "height": height})
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 8, "b": 8}
    )  # a page's theme overrules that of a template
    return figure


def mark(number: int | None) -> dict[str, object]:
    """Colour and shape of the numbered group; None = no group."""
    if number is None:
        return {"color": NEUTRAL, "symbol": "circle-open"}
    return {"color": PALETTE[number % len(PALETTE)], "symbol": SYMBOLS[number % len(SYMBOLS)]}


def error_bars(estimates: Sequence[Estimate]) -> dict[str, object]:
    """Error bars from each value to both ends of its interval."""
    return {
        "array": [max(0.0, one.high - one.value) for one in estimates],
        "arrayminus": [max(0.0, one.value - one.low) for one in estimates],
        "thickness": 1.5,
        "width": 4,
    }


def score_marks(is_filled: Sequence[bool]) -> dict[str, object]:
    """Circles of scores, filled where a score stands out and hollow elsewhere."""
    return {
        "color": PALETTE[0],
        "size": 11,
        "symbol": ["circle" if filled else "circle-open" for filled in is_filled],
        "line": {"width": 2, "color": PALETTE[0]},
    }


def safe(text: str) -> str:
    """Text that plotly draws as it is, without reading tags in it."""
    return html.escape(text, quote=False)


def clip(text: str, width: int, *, keep_end: bool = False) -> str:
    """At most `width` characters of a text, cut between words, an ellipsis where something is missing."""
    if len(text) <= width:
        return text
    if keep_end:
        return f"… {text[-width:].partition(' ')[2] or text[-width:]}"
    return f"{text[:width].rpartition(' ')[0] or text[:width]} …"


def direction(words: Iterable[str]) -> str:
    """Direction of writing, "ltr" or "rtl": that of the first letter of the words that has one."""
    kinds = (unicodedata.bidirectional(letter) for word in words for letter in word)
    return "rtl" if next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L" else "ltr"


def percent(share: float) -> str:
    """A share as a whole number of percent."""
    return f"{share:.0%}"


def told_apart(first: float, second: float) -> tuple[str, str]:
    """Two numbers with two decimals, or with as many as it takes to tell them apart."""
    for digits in (2, 3, 4):
        texts = f"{first:.{digits}f}", f"{second:.{digits}f}"
        if texts[0] != texts[1] or first == second:
            break
    return texts


def listing(parts: Iterable[str]) -> str:
    """Parts of a sentence joined by commas, the last one by `and`."""
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def standalone_html(figure: go.Figure, title: str) -> str:
    """The figure as one HTML file that fills its window and needs no network.

    Args:
        figure: what is on screen.
        title: of the file and over the figure.
    """
    alone = go.Figure(figure).update_layout(height=None, autosize=True)
    plot = alone.to_html(
        include_plotlyjs=True, full_html=False, default_height="100%", config={"displaylogo": False}
    )
    shown = html.escape(title)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{shown}</title><style>'
        "html, body { height: 100%; margin: 0; background: #ffffff; } "
        "body { display: flex; flex-direction: column; font-family: sans-serif; } "
        "h1 { margin: 1rem; font-size: 1.2rem; } body > div { flex: 1; min-height: 0; }"
        f"</style></head><body><h1>{shown}</h1>{plot}</body></html>"
    )
