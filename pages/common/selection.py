"""One selection of points, shared by a map and a table: the last gesture in either wins.

A chart forgets its lasso when its figure changes. So a lasso never changes the figure (the browser fades
the other dots by itself), and ticked rows do: they become the dots that stand out in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

IN_LINK = "selected"
"""Query key that names the selected points."""
_BETWEEN, _MOST_IN_LINK = ".", 200
_LONGEST_LINK, _MOST_DIGITS = 4_000, 9


@dataclass(frozen=True)
class Selection:
    """The selected points, and what map and table need to show them."""

    subject: str = ""
    """What the ids number. They are meaningless for another subject."""
    view: str = ""
    """The figure without its highlights."""
    ids: tuple[int, ...] = ()
    """The selected points."""
    highlighted: tuple[int, ...] = ()
    """Points that the figure itself marks."""
    highlighted_beside: tuple[int, ...] = ()
    """The same of a second figure, which shows a lasso of the first one."""
    first: tuple[int, ...] = ()
    """Points at the top of the table: those lassoed last."""
    base: tuple[int, ...] = ()
    """The order of the others; empty = that of their ids."""

    def moved_to(self, subject: str, view: str) -> Selection:
        """Return the selection in a figure that may be a new one."""
        if subject != self.subject:
            return Selection(subject, view)
        return self if view == self.view else replace(self, view=view)._highlighting(self.ids)

    def by_map(self, ids: Iterable[int], n: int, *, is_beside: bool = False) -> Selection:
        """Return the selection after a lasso, a box, a click or a double click in a map of n points.

        Args:
            ids: the points.
            n: number of points.
            is_beside: whether it was the second of two maps.
        """
        chosen = tuple(id for id in ids if 0 <= id < n)
        if is_beside:
            return replace(self, ids=chosen, first=chosen, highlighted=chosen)
        return replace(self, ids=chosen, first=chosen, highlighted_beside=chosen)

    def _highlighting(self, ids: tuple[int, ...]) -> Selection:
        return replace(self, highlighted=ids, highlighted_beside=ids)

    def by_card(self, ids: Iterable[int], n: int) -> Selection:
        """Return the selection after a button chose some points."""
        chosen = tuple(id for id in dict.fromkeys(ids) if 0 <= id < n)
        return replace(self, ids=chosen, first=chosen)._highlighting(chosen)

    def by_table(self, rows: Iterable[int], n: int) -> Selection:
        """Return the selection after rows of the table of n points were ticked."""
        order = self.order(n)
        chosen = tuple(order[row] for row in rows if 0 <= row < n)
        return replace(self, ids=chosen)._highlighting(chosen)

    def order(self, n: int) -> list[int]:
        """Return the ids of the n points in the order of the table's rows."""
        first = set(self.first)
        return [*self.first, *(id for id in self.base or range(n) if id not in first)]


def selected(page: str, subject: str) -> tuple[int, ...]:
    """Return the points selected on a page before it is drawn; none where they are of another subject."""
    selection: Selection = st.session_state.get(f"{page}_selection", Selection())
    return selection.ids if selection.subject == subject else ()


def select_from_link(page: str, subject: str, n: int) -> None:
    """Select the points named in the address, and remove them from it.

    Args:
        page: prefix of all keys.
        subject: what the n points are points of.
        n: number of points.
    """
    asked = st.query_params.pop(IN_LINK, "")
    parts = asked[:_LONGEST_LINK].split(_BETWEEN)[:_MOST_IN_LINK]
    ids = [int(part) for part in parts if part.isdecimal() and len(part) <= _MOST_DIGITS]
    if ids:
        chosen = Selection(subject).by_card(ids, n)
        st.session_state[f"{page}_selection"] = chosen
        st.session_state[f"{page}_table"] = _ticked(len(chosen.ids))


def selection_for_link(ids: Iterable[int]) -> dict[str, str]:
    """Return the query key for `select_from_link`; none for more points than fit into an address."""
    chosen = tuple(ids)
    is_short = 0 < len(chosen) <= _MOST_IN_LINK
    return {IN_LINK: _BETWEEN.join(map(str, chosen))} if is_short else {}


class MapSelection:
    """The selection of one page, kept in its session; a page without a table uses the map alone."""

    def __init__(self, page: str, n: int, subject: str, view: str) -> None:
        """Find the selection of a page.

        Args:
            page: prefix of all keys.
            n: points in the map, and rows of the table.
            subject: what the points are points of.
            view: what else the figure depends on.
        """
        self.map_key, self.table_key, self._key = f"{page}_map", f"{page}_table", f"{page}_selection"
        self._n, self._is_beside = n, False
        before = self.current
        self._keep(before.moved_to(subject, view))
        if before.subject != subject:
            self._tick(0)

    @property
    def current(self) -> Selection:
        """The selection now."""
        selection: Selection = st.session_state.get(self._key, Selection())
        return selection

    @property
    def highlighted(self) -> tuple[int, ...]:
        """Points that the map itself marks."""
        return self.current.highlighted_beside if self._is_beside else self.current.highlighted

    def beside(self) -> MapSelection:
        """The same selection in a second map of the same points."""
        second = copy(self)
        second.map_key, second._is_beside = f"{self.map_key}_beside", True
        return second

    def on_map(self) -> None:
        """Callback of the map."""
        ids = selected_ids(st.session_state[self.map_key].selection.points)
        self._keep(self.current.by_map(ids, self._n, is_beside=self._is_beside))
        self._tick(len(self.current.ids))

    def on_table(self) -> None:
        """Callback of the table."""
        self._keep(self.current.by_table(st.session_state[self.table_key].selection.rows, self._n))

    def select(self, ids: Iterable[int]) -> None:
        """Callback of a button that chooses some points."""
        self._keep(self.current.by_card(ids, self._n))
        self._tick(len(self.current.ids))

    def sort(self, base: tuple[int, ...]) -> None:
        """Order the rows of the table that are not selected first."""
        if base != self.current.base:
            self._keep(replace(self.current, base=base, first=self.current.ids))
            self._tick(len(self.current.ids))

    def clear(self) -> None:
        """Callback of a button that clears the selection."""
        self._keep(self.current.by_card((), self._n))
        self._tick(0)

    def _keep(self, selection: Selection) -> None:
        st.session_state[self._key] = selection

    def _tick(self, n_rows: int) -> None:
        """Tick the first rows of the table."""
        st.session_state[self.table_key] = _ticked(n_rows)


def _ticked(n_rows: int) -> dict[str, dict[str, list[int]]]:
    """Return the state of a table with its first rows ticked."""
    return {"selection": {"rows": list(range(n_rows)), "columns": [], "cells": []}}


def selected_ids(points: Iterable[dict[str, Any]]) -> tuple[int, ...]:
    """Return the ids of the selected points of a chart, in ascending order; a typed sentence has none."""
    ids = set()
    for point in points:
        custom = point.get("customdata")
        if custom is not None:
            ids.add(int(custom[0] if isinstance(custom, list) else custom))
    return tuple(sorted(ids))
