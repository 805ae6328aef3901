"""The map on screen: its colours, what is selected and what moved most."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from elmo_core.glossary import explain
from elmo_core.maps.movers import Movers, find_movers
from elmo_core.maps.points import MapPoints
from elmo_core.maps.tables import find_rows, map_table
from elmo_core.maps.text_map import TextMap
from elmo_core.plots.maps import (
    Colouring,
    colouring,
    describe_map,
    explain_map,
    plot_map,
    shown_rows,
)
from pages.common import exports
from pages.common.concordance import modebar
from pages.common.markdown import escape_markdown
from pages.common.selection import Selection, selected_ids
from pages.maps.cell import map_cell
from pages.maps.sources import ChosenPoints

_MOST_LISTED, _N_MOVERS = 1000, 20
_ANISOTROPIC = 0.2  # mean cosine from which a plain cosine misleads


def show_map(page: str, chosen: ChosenPoints, points: MapPoints, found: TextMap) -> None:
    """The map with its colours and search, what is selected, and how far it can be trusted."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view = st.segmented_control(
            "View", found.views, default=found.views[-1], required=True, key=f"{page}_view", wrap=True
        )
        column = st.selectbox("Colour by", list(points.columns), key=f"{page}_colour", width=200)
        search = st.text_input("Search", key=f"{page}_search", max_chars=100, width=200).strip()
    colours = colouring(points, column)
    held = _Held(page, len(points), chosen.key, f"{view} {column} {search}")
    matches = find_rows(points, search)
    rows = shown_rows(len(points), matches)
    figure = plot_map(points, found, view, colours, rows, set(matches) or set(held.current.highlighted))
    st.plotly_chart(
        figure,
        key=held.key,
        on_select=held.by_lasso if found.settings.n_dims == 2 else "ignore",
        config=modebar(f"map-{view}"),
        alt=describe_map(points, found, view, colours),
    )
    _show_facts(points, found, view, colours, len(rows), search, len(matches))
    exports.show_downloads(
        page, f"map {view}", rows=lambda: map_table(points, found, view), figures={"Map": figure},
        cell=map_cell(chosen, found, view, column), reads_file=chosen.reads_file,
    )  # fmt: skip
    _show_selected(page, points, found, view, held)
    if len(found.views) > 1:
        _show_movers(page, points, found, held)


def _show_facts(
    points: MapPoints,
    found: TextMap,
    view: str,
    colours: Colouring,
    n_shown: int,
    search: str,
    n_matches: int,
) -> None:
    if n_shown < len(points):
        st.warning(f"{n_shown:,} of {len(points):,} shown, drawn at random (seed 42); all are in the files.")
    if points.found > len(points):
        st.caption(f"{len(points):,} of {points.found:,} points, drawn at random (seed 42).")
    if search:
        st.caption(f"{n_matches:,} points match {escape_markdown(search)}.")
    if colours.n_values > len(colours.values):
        st.caption(f"{colours.n_values:,} values; the {len(colours.values)} most frequent have a colour.")
    st.caption(explain_map(found, view), help=explain("Trustworthiness"))
    cosine = found.mean_cosines[found.at(view)]
    if not found.settings.centred and cosine > _ANISOTROPIC:
        st.warning(
            f"Not centred: two random points have a cosine of {cosine:.2f} in this view, so plain cosines "
            "say little about likeness. Centring takes that off."
        )
    if found.settings.n_dims == 3:
        st.caption("A lasso needs the plane: choose 2D to select points.")


def _show_selected(page: str, points: MapPoints, found: TextMap, view: str, held: _Held) -> None:
    rows = list(held.current.ids)
    if not rows:
        st.caption("Lasso points in the map: they are listed here, and can be taken away as a file.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows):,} of {len(points):,} points selected**", width="content")
        st.button("Clear", key=f"{page}_clear", type="tertiary", on_click=held.show, args=((),))
    table = map_table(points, found, view, rows)
    st.dataframe(
        table.head(_MOST_LISTED), hide_index=True, height=280, column_config=_columns(),
        alt="The selected points",
    )  # fmt: skip
    if len(rows) > _MOST_LISTED:
        st.caption(f"The first {_MOST_LISTED:,} are listed; the files have them all.")
    exports.show_downloads(f"{page}_selected", f"selected {view}", rows=lambda: table)


def _show_movers(page: str, points: MapPoints, found: TextMap, held: _Held) -> None:
    st.markdown("**Biggest movers**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("From", found.views, 0, key=f"{page}_mover_from", width=190)
        rest = [view for view in found.views if view != first]
        second = st.selectbox("to", rest, len(rest) - 1, key=f"{page}_mover_to", width=190)
        movers: Movers = find_movers(points, found, first, second)
        rows = movers.biggest(_N_MOVERS).tolist()
        st.button(
            "Show them on the map", key=f"{page}_mover_show", icon=":material/my_location:",
            on_click=held.show, args=(tuple(rows),),
        )  # fmt: skip
    table = map_table(points, found, second, rows).drop(columns=["view", "row"])
    table.insert(0, "neighbours kept", movers.kept[rows].round(2))
    st.dataframe(
        table, hide_index=True, height=280, alt=f"Points that move most from {first} to {second}",
        column_config=_columns(),
    )  # fmt: skip
    st.caption(
        f"Found in the full space, not on the map: the share of {movers.n_neighbours} nearest neighbours "
        f"that stay. All points: {movers.kept.mean():.0%} on average; random neighbours: "
        f"{movers.chance:.1%}."
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "text": st.column_config.TextColumn(width=380),
        "neighbours kept": number("kept", format="percent", help="Of its nearest neighbours"),
        **{axis: number(format="%.2f") for axis in "xyz"},
    }


class _Held:
    """The selected points of the page."""

    def __init__(self, page: str, n: int, subject: str, view: str) -> None:
        self.key, self._kept, self._n = f"{page}_chart", f"{page}_selection", n
        self._keep(self.current.moved_to(subject, view))

    @property
    def current(self) -> Selection:
        """The selection now."""
        found: Selection = st.session_state.get(self._kept, Selection())
        return found

    def by_lasso(self) -> None:
        """Callback of the map."""
        self._keep(self.current.by_map(selected_ids(st.session_state[self.key].selection.points), self._n))

    def show(self, rows: tuple[int, ...]) -> None:
        """Callback of buttons: these points stand out."""
        self._keep(replace(self.current, ids=rows, highlighted=rows))

    def _keep(self, selection: Selection) -> None:
        st.session_state[self._kept] = selection
