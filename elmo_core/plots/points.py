"""The figure of points: one trace for each colour, in the plane or in space, for maps of any kind.

Every point carries its number as `customdata`, by which a selection finds it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import plotly.graph_objects as go

from elmo_core.plots.style import PALETTE, clip, listing, mark, new_figure, safe

MOST_COLOURS = len(PALETTE)
"""Values that can have a colour of their own."""
_NAME = 32  # characters in the legend
_EYE = 0.8  # of the camera in space, on each axis: the cube fills the figure
_SYMBOLS_3D = ("circle", "diamond", "square", "cross", "x", "circle-open", "square-open")
_HIDDEN = {"showticklabels": False, "showgrid": False, "zeroline": False}
_EMPTY = "(empty)"

Extent = Sequence[tuple[float, float]]
"""Least and greatest value on each axis."""


@dataclass(frozen=True)
class Colouring:
    """What the colours and shapes of points stand for."""

    codes: tuple[int, ...]
    """Number of each point's name; -1 = the rest."""
    names: tuple[str, ...]
    """What the numbers stand for."""
    rest: str
    """What the rest is called."""
    n_values: int = field(default=0)
    """Different values there are, where only the most frequent ones have a name."""

    @classmethod
    def by_label(cls, labels: Sequence[str | None], rest: str) -> Colouring:
        """Give every label a colour, in alphabetical order.

        Args:
            labels: of the points; None = it has none.
            rest: what points without a label are called.
        """
        names = tuple(sorted({label for label in labels if label is not None}))
        return cls._of(labels, names, rest)

    @classmethod
    def by_frequency(cls, values: Sequence[str], rest: str, most: int = MOST_COLOURS) -> Colouring:
        """Give the most frequent values a colour each; of equally frequent ones, the first by name.

        Args:
            values: of the points.
            rest: what points of the other values are called.
            most: colours.
        """
        counts = Counter(values)
        names = tuple(sorted(counts, key=lambda value: (-counts[value], value))[:most])
        return cls._of(values, names, rest)

    @classmethod
    def _of(cls, values: Sequence[str | None], names: tuple[str, ...], rest: str) -> Colouring:
        numbers: dict[str | None, int] = {name: number for number, name in enumerate(names)}
        n_values = len(set(values) - {None})
        return cls(tuple(numbers.get(value, -1) for value in values), names, rest, n_values)

    def name_of(self, point: int) -> str:
        """Return what one point is."""
        return self.names[self.codes[point]] if self.codes[point] >= 0 else self.rest

    def in_words(self, most: int | None = None) -> str:
        """Return the most frequent names with their numbers of points."""
        counts = Counter(self.codes).most_common()
        named = [(self.names[code] if code >= 0 else self.rest, n) for code, n in counts]
        return listing(f"{n:,} {clip(name, _NAME) or _EMPTY}" for name, n in named[:most])


@dataclass(frozen=True)
class PointStyle:
    """How the points of a figure look."""

    size: float = 8
    selected_size: float = 11
    faded: float = 0.12
    """Opacity of points that are not highlighted while others are."""
    outline: bool = False
    """Whether points have a white line around them."""
    crossed_size: float = 10
    """Size of crosses."""
    on_graphics_card: bool = False
    """Whether the browser draws them on its graphics processor, as it should for thousands."""


def add_points(
    figure: go.Figure,
    coordinates: np.ndarray,
    points: Sequence[int],
    name: str,
    number: int | None,
    hovers: Sequence[str] | None,
    style: PointStyle,
    *,
    highlighted: Collection[int] = (),
    opacity: float | Sequence[float] = 1.0,
    crossed: Collection[int] = (),
    ids: Sequence[int] | None = None,
    column: int | None = None,
) -> None:
    """Add the points of one colour.

    Args:
        figure: takes them.
        coordinates: (n, 2) or (n, 3), of all points.
        points: numbers of those to draw.
        name: in the legend.
        number: of the colour and shape; None = the rest.
        hovers: safe text for each of those to draw; None = nothing is shown under the pointer.
        style: how they look.
        highlighted: numbers of the points that stand out while the others fade; empty = none does.
        opacity: of all, or of each of those to draw.
        crossed: numbers of the points that are drawn as opaque crosses (in the plane only).
        ids: of all points, by which a selection finds them; None = their numbers.
        column: of a figure with several planes side by side, counted from 1; None = it has one.
    """
    placed = coordinates[list(points)]
    is_flat = coordinates.shape[1] == 2
    look = mark(number)
    marker: dict[str, Any] = {**look, "size": style.size, "opacity": opacity}
    if style.outline:
        marker["line"] = {"width": 1, "color": "white"}
    if crossed:
        is_crossed = np.isin(points, list(crossed))
        for aspect, cross in (("symbol", "x"), ("size", style.crossed_size), ("opacity", 1.0)):
            marker[aspect] = np.where(is_crossed, cross, marker[aspect]).tolist()
    shared = {
        "x": placed[:, 0],
        "y": placed[:, 1],
        "mode": "markers",
        "name": safe(f"{clip(name, _NAME) or _EMPTY} ({len(points):,})"),
        "customdata": list(points) if ids is None else [ids[point] for point in points],
        **({"hoverinfo": "skip"} if hovers is None else _hover(hovers)),
    }
    if not is_flat:
        marker["symbol"] = "circle-open" if number is None else _SYMBOLS_3D[number % len(_SYMBOLS_3D)]
        marker["size"] = 4
        if highlighted:
            marker["size"] = [8 if point in highlighted else 2 for point in points]
        figure.add_scatter3d(**shared, z=placed[:, 2], marker=marker)
        return
    wanted = [at for at, point in enumerate(points) if point in highlighted] if highlighted else None
    add = figure.add_scattergl if style.on_graphics_card else figure.add_scatter
    place = {} if column is None else {"row": 1, "col": column}
    add(
        **place,
        **shared,
        marker=marker,
        selectedpoints=wanted,
        selected={"marker": {"size": style.selected_size, "opacity": 1}},
        unselected={"marker": {"opacity": style.faded}},
    )


def _hover(texts: Sequence[str]) -> dict[str, object]:
    return {"text": list(texts), "hovertemplate": "%{text}<extra></extra>"}


def new_map(height: int, extent: Extent | None, margin: float = 0.06) -> go.Figure:
    """Create an empty figure whose axes are hidden and stay where they are.

    Args:
        height: in pixels.
        extent: of two axes or of three; None = a plane that fits what is drawn.
        margin: room beyond the extent, as a share of it.
    """
    figure = new_figure(height)
    ranges = [padded(ends, margin) for ends in extent] if extent is not None else [None, None]
    if len(ranges) == 3:
        axes = {
            f"{name}axis": {**_HIDDEN, "range": ends, "title": "", "showbackground": False}
            for name, ends in zip("xyz", ranges, strict=True)
        }
        eye = dict.fromkeys("xyz", _EYE)
        figure.update_layout(scene={**axes, "aspectmode": "cube", "camera": {"eye": eye}})
        return figure
    figure.update_xaxes(range=ranges[0], **_HIDDEN)
    figure.update_yaxes(range=ranges[1], **_HIDDEN)
    figure.update_layout(dragmode="lasso")
    return figure


def padded(ends: tuple[float, float], margin: float = 0.06) -> tuple[float, float]:
    """Return the ends of an axis with some room beyond the outermost points."""
    low, high = ends
    room = margin * (high - low) or 1.0
    return low - room, high + room
