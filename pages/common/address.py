"""What the address asks for and a page does not have: it opens without it, and says so.

Widgets that are bound to the address take their first value from it. Streamlit drops a value that they cannot
take, without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from elmo_core.plots.style import clip, listing
from pages.common.markdown import escape_markdown

_STATE = "address_of_page"
_LONGEST = 30


@dataclass
class _Asked:
    """The address with which a page was opened."""

    page: str
    waiting: dict[str, list[str]]
    """Values of keys whose widgets have not been drawn yet."""
    dropped: list[str] = field(default_factory=list)
    """What no widget could take, as it is said."""


@contextmanager
def dropped_values_said(page: str) -> Iterator[None]:
    """While a page is drawn, find values of its address that it drops; they are named at its top.

    Args:
        page: its name in the address.
    """
    asked = st.session_state.get(_STATE)
    if asked is None or asked.page != page:
        given = {key: st.query_params.get_all(key) for key in st.query_params}
        asked = st.session_state[_STATE] = _Asked(page, given)
    place = st.empty()
    _say(place, asked)
    yield  # of a run that stops early, nothing is judged: some of its widgets are still to come
    _judge(asked)
    _say(place, asked)


def _say(place: DeltaGenerator, asked: _Asked) -> None:
    if asked.dropped:
        place.warning(
            f"The address asks for {escape_markdown(listing(asked.dropped))}, which this page does not have; "
            "it shows its own choice instead."
        )


def _judge(asked: _Asked) -> None:
    """Look at the widgets that were drawn now for the first time."""
    for key in [key for key in asked.waiting if key in st.session_state]:
        values = asked.waiting.pop(key)
        taken = st.session_state[key]
        is_number = isinstance(taken, int | float) and not isinstance(taken, bool)  # corrected later on
        if (is_number or key not in st.query_params) and not _is_taken(values, taken):
            asked.dropped.append(f"{key}={clip(','.join(values), _LONGEST)}")


def _is_taken(values: list[str], taken: object) -> bool:
    """Whether a widget took the values; one that has them by default leaves them out of the address."""
    parts = taken if isinstance(taken, list | tuple) else [taken]
    return sorted(map(_plain, values)) == sorted(_plain(str(part)) for part in parts)


def _plain(value: str) -> str:
    try:
        return str(float(value))
    except ValueError:
        return value.strip().casefold()
