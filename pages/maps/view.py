"""The map on screen: colours, selected points, and the points that move most."""

from __future__ import annotations

from typing import Any

import streamlit as st

from elmo_core.glossary import explain
from elmo_core.maps.movers import Movers, find_movers
from elmo_core.maps.opening import MOST_SCORED, score_colours
from elmo_core.maps.points import MapPoints
from elmo_core.maps.tables import find_rows, map_table
from elmo_core.maps.text_map import TextMap
from elmo_core.plots.maps import (
    colouring,
    describe_map,
    explain_map,
    plot_map,
    shown_rows,
)
from elmo_core.plots.points import Colouring
from elmo_core.plots.style import listing
from elmo_core.senses.headline import guessing
from pages.common import exports
from pages.common.concordance import modebar
from pages.common.layout import finding_row
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.maps.cell import map_cell
from pages.maps.sources import ChosenPoints

_MOST_LISTED, _N_MOVERS = 1000, 20
_HEIGHT = 440  # pixels: the map ends on the first screen of a projector (1280 x 720)
_ANISOTROPIC = 0.2  # mean cosine from which a plain cosine misleads


def show_map(page: str, chosen: ChosenPoints, points: MapPoints, text_map: TextMap) -> None:
    """Show the map with colours and search, the selected points, and how far to trust it."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        view = st.segmented_control(
            "View", text_map.views, default=text_map.views[-1], required=True, key=f"{page}_view", wrap=True,
            bind="query-params", help=explain("Context", "Layer", "Token vector"),
        )  # fmt: skip
        column = st.selectbox(
            "Colour by", list(points.columns), key=f"{page}_colour", bind="query-params", width=200
        )
        search = st.text_input(
            "Search", key=f"{page}_search", bind="query-params", max_chars=100, width=200
        ).strip()
    colours = colouring(points, column)
    selection = MapSelection(page, len(points), chosen.key, f"{view} {column} {search}")
    matches = find_rows(points, search)
    rows = shown_rows(len(points), matches)
    figure = plot_map(
        points, text_map, view, colours, rows, set(matches) or set(selection.current.highlighted),
        height=_HEIGHT,
    )  # fmt: skip
    card, result = finding_row().columns([2, 5], gap="medium")
    with result:
        st.plotly_chart(
            figure,
            key=selection.map_key,
            on_select=selection.on_map if text_map.settings.n_dims == 2 else "ignore",
            config=modebar(f"map-{view}"),
            alt=describe_map(points, text_map, view, column),
        )
        _show_facts(points, text_map, view, colours, len(rows), search, len(matches))
        if matches:
            st.button(
                "Select what matches", key=f"{page}_select_matches", icon=":material/select_all:",
                on_click=selection.select, args=(tuple(matches),),
            )  # fmt: skip
    with card:
        _show_finding(page, chosen, points, view, column, selection)
    exports.show_downloads(
        page, f"map {view}", rows=lambda: map_table(points, text_map, view), figures={"Map": figure},
        cell=map_cell(chosen, text_map, view, column), reads_file=chosen.reads_file,
    )  # fmt: skip
    _show_selected(page, points, text_map, view, selection)
    if len(text_map.views) > 1:
        _show_movers(page, points, text_map, selection)


def _show_finding(
    page: str, chosen: ChosenPoints, points: MapPoints, view: str, column: str, selection: MapSelection
) -> None:
    """Say how well a view keeps the colours apart, beside guessing, and offer the points where it fails."""
    key = ("colours", chosen.key, points.views, column)
    scores = chosen.results.get_or_compute(key, lambda: score_colours(points, column))
    if not scores:
        return
    score = scores[points.views.index(view)]
    name = escape_markdown(column)
    st.subheader(
        f"{score.accuracy:.0%} lie nearest to their own {name} (guessing: {guessing(score):.0%})",
        anchor=False,
        help=explain("Nearest sense", "Guessing"),
    )
    shares = listing(
        f"{other} {found.accuracy:.0%}" for other, found in zip(points.views, scores, strict=True)
    )
    sampled = f", a sample of {len(points):,}" if score.n < MOST_SCORED < len(points) else ""
    st.caption(
        escape_markdown(
            f"By view: {shares}. 95% interval {score.low:.0%} to {score.high:.0%}, of {score.n:,} "
            f"points{sampled}, in the full space."
        )
    )
    wrong = [
        row
        for row, (nearest, own) in enumerate(zip(score.nearest, points.columns[column], strict=True))
        if nearest is not None and nearest != own
    ]
    if wrong:
        st.button(
            f"Show the {len(wrong):,} nearest to another {name}", key=f"{page}_misplaced", type="tertiary",
            icon=":material/troubleshoot:", on_click=selection.select, args=(tuple(wrong),),
        )  # fmt: skip


def _show_facts(
    points: MapPoints,
    text_map: TextMap,
    view: str,
    colours: Colouring,
    n_shown: int,
    search: str,
    n_matches: int,
) -> None:
    if n_shown < len(points):
        st.warning(
            f"{n_shown:,} of {len(points):,} shown, sampled at random (seed 42); the files have them all."
        )
    if points.found > len(points):
        st.caption(f"{len(points):,} of {points.found:,} points, drawn at random (seed 42).")
    if search:
        st.caption(f"{n_matches:,} points match {escape_markdown(search)}.")
    if colours.n_values > len(colours.names):
        st.caption(f"{colours.n_values:,} values; the {len(colours.names)} most frequent have a colour.")
    st.caption(explain_map(text_map, view), help=explain("Trustworthiness"))
    cosine = text_map.mean_cosines[text_map.at(view)]
    if not text_map.settings.centred and cosine > _ANISOTROPIC:
        st.warning(
            f"Not centred: two random points have a cosine of {cosine:.2f} in this view, so plain cosines "
            "say little about similarity. Centring removes this."
        )
    if text_map.settings.n_dims == 3:
        st.caption("Choose 2D to select points: a lasso needs a plane.")


def _show_selected(
    page: str, points: MapPoints, text_map: TextMap, view: str, selection: MapSelection
) -> None:
    rows = list(selection.current.ids)
    if not rows:
        st.caption(
            "Lasso points in the map, or search and select: they are listed here and can be downloaded."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows):,} of {len(points):,} points selected**", width="content")
        st.button("Clear", key=f"{page}_clear", type="tertiary", on_click=selection.clear)
    table = map_table(points, text_map, view, rows)
    st.dataframe(
        table.head(_MOST_LISTED), hide_index=True, height=280, column_config=_columns(),
        alt="The selected points",
    )  # fmt: skip
    if len(rows) > _MOST_LISTED:
        st.caption(f"The first {_MOST_LISTED:,} are listed; the files have them all.")
    exports.show_downloads(f"{page}_selected", f"selected {view}", rows=lambda: table)


def _show_movers(page: str, points: MapPoints, text_map: TextMap, selection: MapSelection) -> None:
    st.markdown("**Biggest movers**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox("From", text_map.views, 0, key=f"{page}_mover_from", width=190)
        rest = [view for view in text_map.views if view != first]
        second = st.selectbox("to", rest, len(rest) - 1, key=f"{page}_mover_to", width=190)
        movers: Movers = find_movers(points, text_map, first, second)
        rows = movers.biggest(_N_MOVERS).tolist()
        st.button(
            "Show them on the map", key=f"{page}_mover_show", icon=":material/my_location:",
            on_click=selection.select, args=(tuple(rows),),
        )  # fmt: skip
    table = map_table(points, text_map, second, rows).drop(columns=["view", "row"])
    table.insert(0, "neighbours kept", movers.kept[rows].round(2))
    st.dataframe(
        table, hide_index=True, height=280, alt=f"Points that move most from {first} to {second}",
        column_config=_columns(),
    )  # fmt: skip
    st.caption(
        f"Measured in the full space, not on the map: the share of {movers.n_neighbours} nearest "
        f"neighbours that stay. All points: {movers.kept.mean():.0%} on average; random neighbours: "
        f"{movers.chance:.1%}. Of equals, those that land farthest from their old neighbours come first."
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "text": st.column_config.TextColumn(width=380),
        "neighbours kept": number("kept", format="percent", help="Of its nearest neighbours"),
        **{axis: number(format="%.2f") for axis in "xyz"},
    }
