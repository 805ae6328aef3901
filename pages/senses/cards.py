"""The sense card, and a card for each group with a name that can be edited."""

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
_CONDITIONS = (
    "What counts as evidence: the silhouette of the groups beats that of *re-paired contexts* (the left half "
    "of each use with the right half of another one, which for a biLM is exact) and that of *shuffled "
    "contexts* (the word embedded anew among the pooled words of all its sentences); the same groups are "
    "found in resamples of the uses; and their centroids lie apart."
)


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


def show_card(grouping: Grouping, choice: Choice) -> None:
    """Show the evidence for the groups in one headline and one sentence."""
    card = grouping.card
    evidence, dot, numbers = card.sentence.partition(": ") if card.k == 1 else (f"{card.k} groups", ", ", "")
    headline = evidence if card.best else f"{card.n} uses are too few to look for groups"
    st.subheader(headline, help=_CONDITIONS, anchor=False)
    text = numbers or card.sentence.removeprefix(f"{evidence}{dot}")
    st.caption(f"{text[0].upper()}{text[1:]}" if card.best else text)
    if grouping.groups.n_judged < grouping.groups.n:
        st.caption(
            f"Judged on {grouping.groups.n_judged:,} of {grouping.groups.n:,} uses; the others joined."
        )
    if choice.loaded:
        unknown = grouping.labels.count(-1)
        rest = f"; {unknown} uses are not in it" if unknown else ""
        st.info(f"The groups shown are those of the loaded file{rest}.")
    elif grouping.is_asked and card.k == 1:
        st.info(f"{grouping.k} groups are shown because you asked for them, not because there is evidence.")


def show_groups(
    page: str, grouping: Grouping, named: NamedGroups, linked: MapSelection, senses: Sequence[str | None]
) -> None:
    """Show a card for each group: mark, name, size, the words it is named by, and a button."""
    if grouping.k == 1:
        (name,) = grouping.names
        if name.words:
            st.caption(f"The {name.kind} that fit best: {escape_markdown(', '.join(name.words))}.")
        return
    n = sum(label >= 0 for label in grouping.labels)
    for number, name in enumerate(grouping.names):
        rows = [row for row, label in enumerate(named.labels) if label == name.group]
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
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
                    "Select",
                    key=f"{page}_select_{number}",
                    type="tertiary",
                    on_click=linked.select,
                    args=(rows,),
                )
            words = f" · {name.kind}: {', '.join(name.words)}" if name.words else ""
            st.caption(
                escape_markdown(
                    f"{len(rows):,} uses ({percent(len(rows) / max(n, 1))}){words}{_mostly(rows, senses)}"
                )
            )


def _mostly(rows: Sequence[int], senses: Sequence[str | None]) -> str:
    """Return the gold sense of most uses of a group."""
    inside = [sense for row in rows if (sense := senses[row]) is not None]
    if not inside:
        return ""
    top = max(sorted(set(inside)), key=inside.count)
    return f" · gold: {percent(inside.count(top) / len(inside))} {top}"
