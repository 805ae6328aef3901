"""The most context-sensitive words of a text, each with a link to its map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from elmo_core.contrast.sensitivity import N_RESAMPLES, SensitivityRanking, rank_by_context
from elmo_core.plots.contrast import plot_ranking
from pages.common import exports
from pages.common.loaders import Source
from pages.common.markdown import escape_markdown
from pages.common.sources import pass_source_to
from pages.static.spaces import Contrast

SENSES = Path(__file__).parents[1] / "senses" / "page.py"
_LINKED, _DRAWN = 12, 20


def show_ranking(page: str, source: Source, contrast: Contrast) -> None:
    """Show chart, table and links of the most context-sensitive words."""
    least = st.slider("Uses of a word, at least", 3, 50, 5, key=f"{page}_least", width=320)
    ranking = rank_by_context(
        contrast.text,
        contrast.weights,
        contrast.static,
        contrast.contextual,
        min_uses=least,
        without=ENGLISH_STOP_WORDS,
    )
    if not ranking.words:
        st.info(f"Only function words are used {least} times in this text; lower the limit.")
        return
    chart, table = st.columns(2, gap="large")
    figure = plot_ranking(ranking, _DRAWN)
    frame = _frame(ranking)
    with chart:
        st.plotly_chart(
            figure,
            key=f"{page}_ranking",
            config={"displayModeBar": False},
            alt=f"The {min(_DRAWN, len(ranking.words))} words whose uses differ most, in order",
        )
    with table:
        st.caption(
            f"Similarity of a word's uses by {contrast.view}: their mean cosine, with its 95% interval "
            f"({N_RESAMPLES} resamples of uses, seed 42). For a static vector it is always 1 (line); tokens "
            f"of different words have {ranking.unrelated:.2f} (dotted). Sorted by the upper end, so that "
            f"words with few uses are not favoured. {len(ranking.words):,} of {ranking.n_words:,} words "
            f"are used {least} times or more; function words are left out."
        )
        st.dataframe(frame, hide_index=True, height=420, column_config=_columns(), alt="Ranking of words")
    st.markdown("**Open in Word senses**")
    # The link carries the word because this page keeps its own word under another key: a widget that is
    # still bound to the address would overrule it.
    pass_source_to("senses", source)
    with st.container(horizontal=True, gap="medium"):
        for entry in ranking.words[:_LINKED]:
            st.page_link(
                SENSES,
                label=escape_markdown(entry.word),
                icon=":material/scatter_plot:",
                query_params={"word": entry.word},
            )
    exports.show_downloads(page, "context-sensitive words", rows=lambda: frame, figures={"Ranking": figure})


def _frame(ranking: SensitivityRanking) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "word": [entry.word for entry in ranking.words],
            "uses": [entry.n for entry in ranking.words],
            "mean cosine": [entry.self_similarity for entry in ranking.words],
            "low": [entry.low for entry in ranking.words],
            "high": [entry.high for entry in ranking.words],
            "static neighbours kept": [
                100 * entry.kept_neighbours if entry.kept_neighbours is not None else None
                for entry in ranking.words
            ],
        }
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    kept = "Of the ten nearest words by the static vector, the mean share that is also nearest to a use"
    return {
        "word": st.column_config.TextColumn("Word"),
        "uses": number("Uses"),
        "mean cosine": number("Mean cosine", format="%.2f"),
        "low": number("Low", format="%.2f"),
        "high": number("High", format="%.2f"),
        "static neighbours kept": number("Static kept", format="%.0f %%", help=kept),
    }
