"""The map of a word's uses: one dot a use, faded where the map is wrong about its neighbours."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from elmo_core.config import layer_name
from elmo_core.geometry.projection import MapSettings
from elmo_core.plots.points import Colouring, PointStyle, add_points, new_map
from elmo_core.plots.style import NEUTRAL, clip, percent, safe
from elmo_core.senses.study import CONTEXT, SenseMap
from elmo_core.senses.uses import Use, Uses

MAX_POINTS = 10_000
NO_GROUP, NO_SENSE, SEVERAL = "in no group", "no labelled sense", "equal vectors, several colours"
_CONTEXT_CHARACTERS = 70  # in a hover label, each side
_MOST_COUNTED = 40  # places that several uses share, with their number beside them
_LARGE = 500  # dots up to which they are large
_MANY = 1500  # dots from which on the browser draws them on its graphics processor
_FAINTEST = 0.3
_PLANES = {
    "pca": "PCA keeps what varies most",
    "umap": f"UMAP keeps neighbours together ({MapSettings.n_neighbours} neighbours, distance "
    f"{MapSettings.min_dist}, "
    "seed {seed}), so read no distances in it",
}


def colour_by_sense(uses: Uses) -> Colouring:
    """Colour uses by their labelled senses, in alphabetical order."""
    return Colouring.by_label(uses.labels, NO_SENSE)


@dataclass(frozen=True)
class Extras:
    """What is drawn over the dots."""

    highlighted: tuple[int, ...] = ()
    """Uses that stand out while the others fade."""
    focus: int | None = None
    """A use from which lines lead to its true neighbours."""
    trails: tuple[int, ...] = ()
    """Uses whose ways from layer to layer are drawn."""
    newcomer: tuple[float, float] | None = None
    """Place of a sentence that was typed."""
    newcomer_text: str = ""


def plot_map(
    sense_map: SenseMap,
    uses: Uses,
    colouring: Colouring,
    extras: Extras = Extras(),
    *,
    is_faded: bool = True,
    height: int = 520,
) -> go.Figure:
    """Draw one dot for each use of a word.

    The axes are those of all views that share the plane, so that another layer moves dots, never the frame.
    Every dot carries the id of its use as `customdata`.

    Args:
        sense_map: where they lie.
        uses: the uses.
        colouring: what colour and shape mean.
        extras: lines and highlights.
        is_faded: whether dots with false neighbours are faint.
        height: in pixels.
    """
    figure = new_map(height, sense_map.frame.extent)
    _add_lines(figure, sense_map, extras)
    shared = shared_places(sense_map.coordinates)
    mixed = {id for ids in shared if len({colouring.codes[id] for id in ids}) > 1 for id in ids}
    for code in sorted(set(colouring.codes), key=lambda code: (code < 0, code)):
        ids = [row for row, own in enumerate(colouring.codes) if own == code and row not in mixed]
        if ids:
            name = colouring.name_of(ids[0])
            _add_dots(figure, sense_map, uses, colouring, ids, name, extras.highlighted, is_faded)
    if mixed:
        _add_dots(figure, sense_map, uses, colouring, sorted(mixed), SEVERAL, extras.highlighted, is_faded)
    _add_counts(figure, sense_map, shared)
    if extras.newcomer:
        _add_newcomer(figure, extras)
    figure.update_layout(showlegend=bool(mixed) or set(colouring.codes) not in ({-1}, {0}))
    return figure


def shared_places(coordinates: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Rows of (n, 2) that lie in the same place: one tuple for each place of two rows or more."""
    _, which, counts = np.unique(coordinates, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(which, kind="stable")
    places = np.split(order, np.cumsum(counts)[:-1])
    return tuple(tuple(rows.tolist()) for rows in places if len(rows) > 1)


def describe_map(sense_map: SenseMap, uses: Uses, colouring: Colouring) -> str:
    """Describe the map in words."""
    groups = f": {colouring.in_words()}" if len(set(colouring.codes)) > 1 else ""
    method = sense_map.frame.method.upper()
    return f"Map of {len(uses.uses)} uses of {uses.word} by {sense_map.view} ({method}){groups}."


def explain_map(sense_map: SenseMap, uses: Uses, seed: int = 42) -> str:
    """What the plane is, how far it can be trusted, and how many uses it shows."""
    n, parts = len(uses.uses), []
    n_places = len(np.unique(sense_map.coordinates, axis=0))
    if uses.found > n:
        parts.append(f"{n:,} of {uses.found:,} uses, drawn at random (seed {seed}).")
    if sense_map.view == layer_name(0):
        places = "one place" if n_places == 1 else f"{n_places} places"
        parts.append(
            f"The token vector reads the spelling, not the sentence around it: {n} uses share {places}."
        )
    elif n_places < n:
        parts.append(f"Equal vectors are one dot: {n} uses lie in {n_places} places.")
    if n_places == 1:
        return " ".join(parts)
    shared = "" if sense_map.view == CONTEXT else "; all layers share this plane"
    parts.append(f"{_PLANES[sense_map.frame.method].format(seed=seed)}{shared}.")
    if sense_map.kept is not None:
        parts.append(f"It shows {percent(sense_map.kept)} of the variance.")
    trust = sense_map.faithfulness
    parts.append(
        f"Trustworthiness {trust.trustworthiness:.2f}, continuity {trust.continuity:.2f} "
        f"({trust.n_neighbours} neighbours); faint dots have false neighbours."
    )
    return " ".join(parts)


def _add_dots(
    figure: go.Figure,
    sense_map: SenseMap,
    uses: Uses,
    colouring: Colouring,
    ids: Sequence[int],
    name: str,
    highlighted: Collection[int],
    is_faded: bool,
) -> None:
    """Add the uses of one colour, or those that share their place with uses of other colours."""
    code = -1 if name == SEVERAL else colouring.codes[ids[0]]
    shares = sense_map.faithfulness.shares[ids]
    opacity = np.round(_FAINTEST + (1 - _FAINTEST) * np.minimum(1, 2 * shares), 2).tolist()
    style = PointStyle(
        size=11 if len(uses.uses) <= _LARGE else 7,
        selected_size=14,
        faded=0.15,
        outline=True,
        on_graphics_card=len(uses.uses) > _MANY,
    )
    hovers = [_hover(uses.uses[id], colouring.name_of(id), sense_map.faithfulness.shares[id]) for id in ids]
    add_points(
        figure,
        sense_map.coordinates,
        ids,
        name,
        code if code >= 0 else None,
        hovers,
        style,
        highlighted=highlighted,
        opacity=opacity if is_faded else 1,
    )


def _add_counts(figure: go.Figure, sense_map: SenseMap, shared: Sequence[Sequence[int]]) -> None:
    """Write the number of uses beside each place that several share."""
    for ids in sorted(shared, key=lambda ids: -len(ids))[:_MOST_COUNTED]:
        x, y = sense_map.coordinates[ids[0]]
        figure.add_annotation(
            x=float(x), y=float(y), text=f"x{len(ids)}", showarrow=False, xshift=16, yshift=12
        )


def _add_lines(figure: go.Figure, sense_map: SenseMap, extras: Extras) -> None:
    """True neighbours of one use, and the ways of some from layer to layer."""
    if extras.focus is not None:
        start, lines = sense_map.coordinates[extras.focus], []
        for neighbour in sense_map.faithfulness.true_neighbours[extras.focus]:
            lines += [start, sense_map.coordinates[neighbour], (None, None)]
        _add_path(figure, lines, "true neighbours", "solid")
    lines = []
    if len(sense_map.frame.coordinates) > 1:
        for row in extras.trails:
            lines += [*sense_map.frame.coordinates[:-1, row], (None, None)]  # the mix is no layer
    if lines:
        _add_path(figure, lines, "from layer to layer", "dot")


def _add_path(figure: go.Figure, points: Sequence[Sequence[float | None]], name: str, dash: str) -> None:
    figure.add_scatter(
        x=[None if x is None else float(x) for x, _ in points],
        y=[None if y is None else float(y) for _, y in points],
        mode="lines",
        name=name,
        line={"color": NEUTRAL, "width": 1.2, "dash": dash},
        hoverinfo="skip",
    )


def _add_newcomer(figure: go.Figure, extras: Extras) -> None:
    assert extras.newcomer is not None
    figure.add_scatter(
        x=[extras.newcomer[0]],
        y=[extras.newcomer[1]],
        mode="markers",
        name="your sentence",
        marker={"symbol": "star", "size": 20, "color": "#e69f00", "line": {"width": 2, "color": "#1d2b30"}},
        text=[safe(clip(extras.newcomer_text, 2 * _CONTEXT_CHARACTERS))],
        hovertemplate="%{text}<extra>your sentence</extra>",
    )


def _hover(use: Use, name: str, share: float) -> str:
    left = safe(clip(use.left, _CONTEXT_CHARACTERS, keep_end=True))
    right = safe(clip(use.right, _CONTEXT_CHARACTERS))
    kept = f"{percent(share)} of its neighbours here are true"
    return f"{left}<b>{safe(use.word)}</b>{right}<br><i>{safe(clip(name, 60))}</i> · {kept}"
