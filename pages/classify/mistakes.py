"""The mistakes of one method: confusion matrix, map, and the texts behind both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.typing import PlotlyState

from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.inside.inspection import Inspection
from elmo_core.learning.texts.results import TextResult
from elmo_core.learning.texts.scores import class_scores, confusion
from elmo_core.plots.classification import plot_confusion
from elmo_core.plots.classified_texts import MOST_ON_MAP, plot_text_map
from elmo_core.plots.style import clip
from pages.classify.dataset import ChosenDataset
from pages.classify.results import map_of
from pages.common import exports
from pages.common.markdown import escape_markdown
from pages.common.selection import selected_ids

_LONGEST = 400  # characters of a text in a table; its download holds it whole


@dataclass(frozen=True)
class MethodInspection:
    """One method of a run, as the views of the page need it."""

    page: str
    name: str
    """Name of the run."""
    chosen: ChosenDataset
    result: TextResult
    inspection: Inspection | None

    @property
    def classifier(self) -> ElmoClassifier | None:
        """The fitted classifier: of the one split, or trained on all texts after a cross-validation."""
        inspection = self.inspection
        is_best = inspection is not None and inspection.best.method == self.result.method
        return self.result.classifier or (inspection.classifier if inspection and is_best else None)

    @property
    def key(self) -> str:
        """Key of the method in this run."""
        return f"{self.name} {self.result.method}"


def show_mistakes(inside: MethodInspection) -> None:
    """Show the confusion matrix and the classes; a click on a cell opens its texts."""
    result = inside.result
    errors = confusion(result.gold, result.predicted, result.classes, result.rows.tolist())
    figure = plot_confusion(errors)  # to take away
    shown = plot_confusion(errors, "#ffffff") if st.context.theme.type == "dark" else figure
    matrix, detail = st.columns(2, gap="large")
    with matrix:
        event = st.plotly_chart(
            shown,
            key=f"{inside.page}_confusion",
            on_select="rerun",
            selection_mode="points",
            config={"displayModeBar": False},
            alt=_confusion_in_words(inside),
        )
        cell = _cell_of(event, len(result.classes))
        st.caption("Rows: as labelled. Columns: as predicted. Click a cell to open its texts.")
    with detail:
        scores = pd.DataFrame([vars(entry) for entry in class_scores(errors)])
        for share in ("precision", "recall", "f1"):
            scores[share] *= 100
        st.dataframe(
            scores.rename(columns={"name": "label", "n": "texts", "n_predicted": "predicted"}),
            hide_index=True,
            height="content" if len(scores) <= 12 else 460,
            column_config={
                name: st.column_config.NumberColumn(format="%.1f") for name in ("precision", "recall", "f1")
            },
            alt="Precision, recall and F1 of each label",
        )
    if cell is None:
        wrong = result.rows[result.predicted != result.gold]
        st.markdown(f"**All {len(wrong):,} mistakes**, the surest first")
        _show_texts(inside, wrong.tolist(), "mistakes", figure)
    else:
        true, guess = (escape_markdown(result.classes[code]) for code in cell)
        rows = errors.rows.get(cell, ())
        st.markdown(f"**{len(rows):,} labelled {true}, predicted {guess}**")
        _show_texts(inside, rows, "cell", figure)


def _cell_of(event: PlotlyState, n_classes: int) -> tuple[int, int] | None:
    """Return the selected cell: true class, predicted class."""
    ids = selected_ids(event.selection.points)
    return divmod(ids[0], n_classes) if ids else None


def _show_texts(
    inside: MethodInspection, rows: Sequence[int], name: str, figure: go.Figure | None = None
) -> None:
    """Show texts with labels and predictions, the surest first, and offer them as downloads."""
    make = partial(texts_of, inside.chosen, inside.result, rows)
    frame = make()
    frame["text"] = [clip(text, _LONGEST) for text in frame["text"]]
    st.dataframe(
        frame,
        hide_index=True,
        key=f"{inside.page}_{name}_table",
        column_config={
            "text": st.column_config.TextColumn(width="large"),
            "p": st.column_config.NumberColumn("p", format="%.2f", help="Probability of the predicted label"),
        },
        alt=f"Texts of the {name}",
    )
    exports.show_downloads(
        f"{inside.page}_{name}",
        f"{inside.chosen.data.name} {name}",
        rows=make,
        figures={"Map" if name == "map" else "Confusion": figure} if figure is not None else None,
    )


def texts_of(chosen: ChosenDataset, result: TextResult, rows: Sequence[int]) -> pd.DataFrame:
    """Return tested texts, the surest prediction first.

    Args:
        chosen: the dataset.
        result: of a method that was tested on them.
        rows: positions in the dataset.
    """
    at = {row: index for index, row in enumerate(result.rows.tolist())}
    places = [at[row] for row in rows]
    frame = pd.DataFrame(
        {
            "text": [chosen.data.texts[row] for row in rows],
            "labelled": [chosen.data.labels[row] for row in rows],
            "predicted": [result.classes[code] for code in result.predicted[places].tolist()],
            "p": result.probabilities[places].max(axis=1) if places else [],
            "line": [chosen.lines[row] for row in rows],
        }
    )
    return frame.sort_values("p", ascending=False, kind="stable")


def show_map(inside: MethodInspection) -> None:
    """Show the tested texts in one plane, mistakes as crosses; a lasso opens the texts in it."""
    inspection, result = inside.inspection, inside.result
    if inspection is None:
        st.info("The map is drawn when a method on the biLM has been run.")
        return
    order = np.random.default_rng(result.seed).permutation(len(result.rows))[:MOST_ON_MAP]
    tested = np.sort(order)
    rows = result.rows[tested]
    places = map_of(f"{inside.name}", inspection.means)[np.searchsorted(inspection.rows, rows)]
    texts = [inside.chosen.data.texts[row] for row in rows]
    figure = plot_text_map(
        places, rows.tolist(), texts, result.classes, result.gold[tested], result.predicted[tested]
    )
    n_wrong = int((result.gold != result.predicted).sum())
    event = st.plotly_chart(
        figure,
        key=f"{inside.page}_map",
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={"displaylogo": False, "scrollZoom": False},
        alt=f"Map of {len(rows)} tested texts, of which {n_wrong} are mistakes",
    )
    st.caption(
        f"{len(rows):,} of {len(result.rows):,} tested texts: the mean of all layers and words, in the plane "
        "that varies most (PCA of all texts). Colour: as labelled; a cross: predicted otherwise."
    )
    chosen = selected_ids(event.selection.points)
    st.markdown(
        f"**{len(chosen):,} texts selected**"
        if chosen
        else f"**All {len(rows):,} texts**; lasso some, or click one, to see those alone."
    )
    _show_texts(inside, chosen or rows.tolist(), "map", figure)


def _confusion_in_words(inside: MethodInspection) -> str:
    result = inside.result
    n_right = int((result.gold == result.predicted).sum())
    return f"Confusion matrix of {len(result.classes)} labels: {n_right} of {len(result.gold)} texts right"
