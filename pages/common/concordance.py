"""Parts of a page about the uses of one word: its score, its concordance, what is selected of it.

`page` is the prefix of the keys of all widgets.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.analysis.export import to_csv
from elmo_core.analysis.senses import Study
from elmo_core.analysis.uses import Use, Uses, nearest_words
from elmo_core.plots.senses import (
    NO_SENSE,
    describe_separation,
    explain_score,
    plot_separation,
    verdict,
)
from elmo_core.plots.style import clip, listing, percent, standalone_html
from pages.common.loaders import Source
from pages.common.selection import LinkedSelection
from pages.common.sources import set_state
from pages.common.wording import plain

_CONTEXT = 42  # characters of context in the table, each side: as many as its columns are wide
_SHOWN = 50  # selected uses written out in full
_EXAMPLES = 3  # uses written out while none is selected
_METHOD = (
    "Each use is compared (cosine) with every sense's centroid, the use itself left out of its own. "
    "The interval is Wilson's. Shuffled: the senses dealt out anew, 200 times, seed 42; that lies a little "
    "below an even guess, because leaving a use out moves its own centroid away from it."
)


def modebar(file_name: str) -> dict[str, Any]:
    """Plotly's buttons: selection, zoom, and the camera, which saves an image that scales."""
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "modeBarButtonsToRemove": ["autoScale2d"],
        "toImageButtonOptions": {"format": "svg", "filename": file_name},
    }


def show_score(page: str, study: Study, view: str) -> None:
    """The view's share of rightly placed uses, and every view's beside its null."""
    if not study.separations:
        st.caption(study.unscored)
        return
    score = study.separations[study.views.index(view)]
    st.metric(f"Nearest to their own sense, {view}", percent(score.accuracy), help=_METHOD)
    st.markdown(f"**{verdict(score, view)}**")
    st.caption(explain_score(score))
    st.plotly_chart(
        plot_separation(study, view),
        key=f"{page}_scores",
        config={"displayModeBar": False},
        alt=describe_separation(study),
    )


def show_selected(page: str, study: Study, linked: LinkedSelection) -> None:
    """The selected uses by sense and in full; three examples while nothing is selected."""
    ids = linked.current.ids
    chosen = [study.uses.uses[id] for id in ids] or _examples(study.uses)
    kind = "selected" if ids else "as examples"
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{len(chosen)} of {len(study.uses.uses)} uses {kind}**", width="content")
        if ids:
            st.button("Clear", key=f"{page}_clear", type="tertiary", on_click=linked.clear)
    if not ids:
        st.caption("Lasso dots in the map, or tick rows in the table: each shows in the other.")
    elif any(study.uses.labels):
        counts = Counter(use.label or NO_SENSE for use in chosen)
        st.caption(plain(listing(f"{count} {sense}" for sense, count in counts.most_common())))
    with st.container(height=170):
        for use in chosen[:_SHOWN]:
            st.text(use.text)
        if len(chosen) > _SHOWN:
            st.caption(f"and {len(chosen) - _SHOWN} more, in the table")


def show_table(study: Study, view: str, linked: LinkedSelection) -> None:
    """Every use in its context; ticked rows stand out in the map."""
    frame = _frame(study.uses, study, view).iloc[linked.current.order(len(study.uses.uses))]
    st.dataframe(
        frame,
        key=linked.table_key,
        on_select=linked.on_table,
        selection_mode="multi-row",
        hide_index=True,
        column_config=_columns(),
        alt=f"Every use of {study.uses.word} in its context",
    )


def show_uses(uses: Uses) -> None:
    """The same table where there is no map to link it with."""
    st.dataframe(_frame(uses), hide_index=True, column_config=_columns(), alt=f"Every use of {uses.word}")


def show_no_use(page: str, source: Source, word: str) -> None:
    """Say that a word is not in a text, and offer the words that are spelt like it."""
    near = nearest_words(source.text.sentences, word)
    if not near:
        st.info(f"{plain(word)} is not in this text, nor is any word spelt like it.")
        return
    st.info(f"{plain(word)} is not in this text. The nearest spellings are these, with their number of uses.")
    with st.container(horizontal=True):
        for spelling, count in near:
            st.button(
                f"{spelling} ({count})",
                key=f"{page}_near_{spelling}",
                on_click=set_state,
                args=("word", spelling),
            )


def offer_downloads(page: str, study: Study, view: str, figure: go.Figure) -> None:
    """The table as CSV and the map as a page of its own."""
    name = f"{study.uses.word}-{view}".lower().replace(" ", "-")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "Table (CSV)",
            lambda: csv_of(study, view),
            f"{name}.csv",
            "text/csv",
            key=f"{page}_csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Map (HTML)",
            lambda: standalone_html(figure),
            f"{name}.html",
            "text/html",
            key=f"{page}_html",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption("As an image: the camera in the map's corner (SVG).")


def csv_of(study: Study, view: str) -> bytes:
    """All uses with their place in the map, as a spreadsheet can open them."""
    places = study.frame.coordinates[study.views.index(view)]
    nearest = _nearest(study, view)
    columns = (
        "use",
        "sentence",
        "left",
        "word",
        "right",
        "sense",
        "nearest sense",
        "layer",
        "method",
        "x",
        "y",
    )
    rows = (
        (
            *(use.id + 1, use.sentence + 1, use.left.strip(), use.word, use.right.strip(), use.label, near),
            *(view, study.frame.method, float(x), float(y)),
        )
        for use, near, (x, y) in zip(study.uses.uses, nearest, places, strict=True)
    )
    return to_csv(columns, rows)


def _examples(uses: Uses) -> list[Use]:
    """Three uses, of as many senses as there are."""
    firsts = {use.label: use for use in reversed(uses.uses)}.values()
    rest = (use for use in uses.uses if use not in firsts)
    return sorted([*firsts, *rest][:_EXAMPLES], key=lambda use: use.id)


def _frame(uses: Uses, study: Study | None = None, view: str = "") -> pd.DataFrame:
    columns: dict[str, list[Any]] = {
        "left": [clip(use.left.strip(), _CONTEXT, keep_end=True) for use in uses.uses],
        "word": [use.word for use in uses.uses],
        "right": [clip(use.right.strip(), _CONTEXT) for use in uses.uses],
    }
    if any(uses.labels):
        columns["sense"] = [use.label or "" for use in uses.uses]
    if study and study.separations:
        scored = study.separations[0].senses
        columns["nearest"] = [
            near or ("tie" if use.label in scored else "")
            for use, near in zip(uses.uses, _nearest(study, view), strict=True)
        ]
    return pd.DataFrame(columns)


def _nearest(study: Study, view: str) -> tuple[str | None, ...]:
    """The nearest sense of each use in a view."""
    if not study.separations:
        return (None,) * len(study.uses.uses)
    return study.separations[study.views.index(view)].nearest


def _columns() -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        "left": text("Left", alignment="right", width=285),
        "word": text("Use", alignment="center", width=75),
        "right": text("Right", width=285),
        "sense": text("Gold sense", width=150),
        "nearest": text(
            "Nearest centroid", width=150, help="The sense whose centroid is nearest in this layer"
        ),
    }
