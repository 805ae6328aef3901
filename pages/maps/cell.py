"""The Python cell of Maps, which draws the map on screen."""

from __future__ import annotations

from elmo_core.maps.text_map import TextMap
from pages.common.exports import literal, python_cell
from pages.common.mixture_controls import current_mixture
from pages.maps.sources import ChosenPoints

_IMPORTS = """from pathlib import Path

from elmo_core import load_elmo
from elmo_core.layers.mixture import Mixture
from elmo_core.maps.points import columns_of, given_points, targets_of, text_points, token_points
from elmo_core.geometry.projection import MapSettings
from elmo_core.maps.text_map import map_points
from elmo_core.tables.corpus import read_column, split_text
from elmo_core.plots.maps import colouring, plot_map, shown_rows
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table_file, read_text
from elmo_core.tables.vectors import read_vectors"""


def map_cell(chosen: ChosenPoints, text_map: TextMap, view: str, column: str) -> str:
    """Return Python that draws one view of a map.

    Args:
        chosen: its points.
        found: the map.
        view: the one on screen.
        column: by which it is coloured.
    """
    n_layers = chosen.points.n_layers
    is_mixed = bool(set(text_map.views) - set(chosen.points.views))
    mixing = [f"points = points.with_mixture({current_mixture(n_layers)!r})"] if is_mixed else []
    return python_cell(
        _IMPORTS,
        *chosen.recipe,
        *mixing,
        f"found = map_points(points, {text_map.settings!r}, views={literal(text_map.views)})",
        f"colours = colouring(points, {literal(column)})",
        f"plot_map(points, found, {literal(view)}, colours, shown_rows(len(points)))",
    )
