"""A card for each group, with a name that can be edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import streamlit as st

from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import NO_GROUP
from elmo_core.plots.style import PALETTE, SYMBOLS, percent
from elmo_core.senses.study import Grouping, Study, name_uses
from elmo_core.tables.records import counted
from pages.common.markdown import escape_markdown
from pages.common.selection import MapSelection
from pages.senses.controls import Choice

_MARKS = {
    "circle": "●",
    "diamond": "◆",
    "square": "■",
    "triangle-up": "▲",
    "cross": "✚",
    "star": "★",
    "hexagon": "⬢",
    "triangle-down": "▼",
}
_SHOWN_NAME = 60
_IN_LINK = "names"


@dataclass(frozen=True)
class NamedGroups:
    """The groups that are shown, under the names they have on the page."""

    labels: tuple[int, ...]
    names: tuple[str, ...]
    key: str
    """Prefix of the keys of the fields for names."""

    @property
    def colouring(self) -> Colouring:
        """Colours of the groups."""
        return Colouring(self.labels, self.names, NO_GROUP)


def name_the_groups(
    page: str, subject: str, study: Study, grouping: Grouping, choice: Choice
) -> tuple[Grouping, NamedGroups]:
    """Return the groups with their names: the model's, those of a file, or what the visitor wrote last.

    Raises:
        InputError: the file's groups are of another text.
    """
    labels, names = grouping.labels, [name.text for name in grouping.names]
    if choice.loaded:
        labels, names = choice.loaded.labels_of(study.uses), list(choice.loaded.names)
        names_by_group = {name.group: name for name in name_uses(study, labels)}
        first = next(iter(names_by_group.values()))
        empty = replace(first, n=0, words=(), scores=(), weight=0.0, sense="")
        shown = tuple(
            names_by_group.get(number, replace(empty, group=number)) for number in range(len(names))
        )
        grouping = replace(grouping, labels=labels, names=shown)
    digest = sha256(f"{subject} {choice.method} {choice.k} {labels}".encode()).hexdigest()[:12]
    key = f"{page}_name_{digest}"
    for number, name in _names_in_link(len(names)):
        st.session_state[f"{key}_{number}"] = name
    written = [st.session_state.get(f"{key}_{number}") or name for number, name in enumerate(names)]
    return grouping, NamedGroups(labels, tuple(written), key)


def names_for_link(grouping: Grouping, named: NamedGroups) -> dict[str, str]:
    """Return the names for an address, where the visitor has changed one."""
    is_changed = named.names != tuple(name.text for name in grouping.names)
    return {_IN_LINK: json.dumps(named.names)} if is_changed else {}


def _names_in_link(n: int) -> list[tuple[int, str]]:
    """Return numbers and names of the n groups in the address, and remove them from it."""
    try:
        names = json.loads(st.query_params.pop(_IN_LINK, "[]"))
    except (ValueError, RecursionError):
        return []
    if not isinstance(names, list) or len(names) != n or not all(isinstance(name, str) for name in names):
        return []
    return [(number, name[:_SHOWN_NAME]) for number, name in enumerate(names)]


def show_groups(
    page: str,
    grouping: Grouping,
    named: NamedGroups,
    linked: MapSelection,
    senses: Sequence[str | None],
    *,
    has_colours: bool,
) -> None:
    """A card for each group: its mark, its name, its size, the words it is named by, and a button.

    Args:
        page: prefix of the keys of all widgets.
        grouping: the groups; nothing is shown where there is one alone.
        named: their names.
        linked: the selection that a button sets.
        senses: the labelled sense of each use, None where it is not known.
        has_colours: whether the map shows the groups by colour; otherwise their cards are folded.
    """
    if grouping.k == 1:
        return
    n = sum(label >= 0 for label in grouping.labels)
    with st.expander(f"The {grouping.k} groups", expanded=has_colours, icon=":material/workspaces:"):
        for number, name in enumerate(grouping.names):
            rows = [row for row, label in enumerate(named.labels) if label == name.group]
            _show_group(page, number, named, rows, linked, has_colours=has_colours)
            words = f" · {name.kind}: {', '.join(name.words)}" if name.words else ""
            share = percent(len(rows) / max(n, 1))
            st.caption(
                escape_markdown(f"{counted(len(rows), 'use')} ({share}){words}{_mostly(rows, senses)}")
            )


def _show_group(
    page: str,
    number: int,
    named: NamedGroups,
    rows: Sequence[int],
    linked: MapSelection,
    *,
    has_colours: bool,
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if has_colours:
            colour, shape = PALETTE[number % len(PALETTE)], _MARKS[SYMBOLS[number % len(SYMBOLS)]]
            st.html(f'<span style="color:{colour};font-size:1.3rem">{shape}</span>', width="content")
        st.session_state.setdefault(f"{named.key}_{number}", named.names[number])
        st.text_input(
            f"Name of group {number + 1}",
            max_chars=_SHOWN_NAME,
            key=f"{named.key}_{number}",
            label_visibility="collapsed",
        )
        st.button(
            "Select", key=f"{page}_select_{number}", type="tertiary", on_click=linked.select, args=(rows,)
        )


def _mostly(rows: Sequence[int], senses: Sequence[str | None]) -> str:
    """The labelled sense that most uses of a group have."""
    inside = [sense for row in rows if (sense := senses[row]) is not None]
    if not inside:
        return ""
    top = max(sorted(set(inside)), key=inside.count)
    return f" · labelled: {percent(inside.count(top) / len(inside))} {top}"
