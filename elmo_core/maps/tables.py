"""The points of a map as rows: those that a search finds, and their table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from elmo_core.extras import extra
from elmo_core.maps.points import MapPoints
from elmo_core.maps.text_map import TextMap
from elmo_core.text.levelling import fold

if TYPE_CHECKING:
    import pandas as pd


def find_rows(points: MapPoints, search: str) -> list[int]:
    """Numbers of the points whose token is the word searched for, or whose text holds it."""
    wanted = fold(search)
    if not wanted:
        return []
    if any(points.lefts):
        return [row for row, name in enumerate(points.names) if fold(name) == wanted]
    return [row for row, text in enumerate(points.rights) if wanted in fold(text)]


def map_table(points: MapPoints, found: TextMap, view: str, rows: list[int] | None = None) -> pd.DataFrame:
    """Points with their context, columns and place in a view.

    Args:
        points: n points.
        found: their map.
        view: whose places are shown.
        rows: numbers of the points wanted, in this order; all by default.
    """
    with extra("maps"):
        import pandas as pd
    kept = np.arange(len(points)) if rows is None else np.array(rows, dtype=np.int64)
    placed = found.coordinates[found.at(view)][kept]
    texts: tuple[tuple[str, tuple[str, ...]], ...]
    texts = (("left", points.lefts), ("point", points.names), ("right", points.rights))
    if not any(points.lefts):  # a whole text is a point
        texts = (("text", points.rights),)
    columns = {name: [values[row] for row in kept] for name, values in texts}
    own = {name: [values[row] for row in kept] for name, values in points.columns.items()}
    axes = {axis: placed[:, at] for at, axis in enumerate("xyz"[: placed.shape[1]])}
    return pd.DataFrame({"row": kept + 1, **columns, **own, "view": view, **axes})
