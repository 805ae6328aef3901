"""Use of a classifier: on a text while it is typed, on a whole table, and as a download."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st

from elmo_core.exceptions import ElmoError
from elmo_core.learning.classifier import ElmoClassifier
from elmo_core.learning.head_files import CARD, zip_bytes
from elmo_core.learning.texts.prediction import predict_table
from elmo_core.learning.texts.saving import SCRIPT
from elmo_core.plots.classified_texts import plot_prediction
from elmo_core.progress import Report
from elmo_core.tables.columns import guess_text_column
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Table
from elmo_core.tables.records import counted
from elmo_core.weights.store import JsonValue
from pages.classify.occlusion import show_deciding_words
from pages.classify.results import files_of, load_saved
from pages.classify.table import open_uploaded
from pages.common import jobs
from pages.common.markdown import escape_markdown
from pages.common.results import visitor_results
from pages.common.upload import TABLES, preview, upload_file

_MOST_TYPED = 2_000
_MOST_MB = 200
_PREDICTION_FILES = (
    ("Predictions (CSV)", "predictions.csv", False, "Every cell as it is, for programs."),
    (
        "Predictions for Excel (CSV)",
        "predictions-for-excel.csv",
        True,
        "Cells that a spreadsheet would run as formulas begin with an apostrophe.",
    ),
)


@dataclass(frozen=True)
class ActiveClassifier:
    """A classifier and facts about it."""

    key: str
    classifier: ElmoClassifier
    facts: Mapping[str, JsonValue]

    @property
    def summary(self) -> str:
        """One line about the classifier."""
        about = self.facts
        summary = f"{about.get('method', 'a classifier')}, trained on {about.get('data', 'a table')}"
        f1, n = about.get("macro_f1"), about.get("rows_tested_on")
        if isinstance(f1, float) and isinstance(n, int):
            summary += f", macro-F1 {100 * f1:.1f} on {counted(n, 'text')}"
        return summary


def show_use(page: str, trained: ActiveClassifier | None, example: str) -> None:
    """Show all uses of a classifier.

    Args:
        page: prefix of the keys of all widgets.
        trained: the best one of this session; None = there is none.
        example: a text to begin with.
    """
    usable = _choose(page, trained)
    if usable is None:
        st.info("No method with a biLM was run, so there is no classifier to use. Load one, or train again.")
        return
    show_typing(page, usable, example)
    offer_classifier(page, usable)
    with st.expander("Predict a whole table", icon=":material/table_rows:"):
        show_file(page, usable)  # last, because the page stops in it while it reads


def _choose(page: str, trained: ActiveClassifier | None) -> ActiveClassifier | None:
    """Return the classifier to use: the one just trained, or one that was downloaded before.

    Args:
        page: prefix of the keys of all widgets.
        trained: the best one of this session.
    """
    with st.popover("Load a classifier that was downloaded here", icon=":material/upload_file:"):
        file = st.file_uploader("Its .zip", type="zip", max_upload_size=_MOST_MB, key=f"{page}_saved")
    if file is None:
        if trained is not None:
            st.caption(escape_markdown(f"In use: {trained.summary}."))
        return trained
    try:
        loaded = ActiveClassifier(file.file_id, *load_saved(file.file_id, file.getvalue()))
    except ElmoError as error:
        st.error(escape_markdown(str(error)))
        return trained
    st.caption(escape_markdown(f"In use: {file.name}, {loaded.summary}."))
    return loaded


def show_typing(page: str, usable: ActiveClassifier, example: str) -> None:
    """Show a field, and the prediction of its text while it is typed."""
    writing, result = st.columns(2, gap="large")
    with writing:
        text = st.text_input(
            "Type a text",
            example,
            key=f"{page}_typed",
            max_chars=_MOST_TYPED,
            live=True,
            persist_state="session",
        )
        with_words = st.toggle("Show what each word adds", key=f"{page}_typed_effects")
    if not text or not text.strip():
        result.info("Type some words: the bars move with them.")
        return
    with result:
        probabilities = usable.classifier.predict_proba([text])[0]
        classes = [str(name) for name in usable.classifier.classes_]
        st.plotly_chart(
            plot_prediction(classes, probabilities),
            key=f"{page}_typed_bars",
            config={"displayModeBar": False},
            alt=f"Predicted: {classes[int(probabilities.argmax())]} with {probabilities.max():.0%}",
        )
    if with_words:
        show_deciding_words(f"{page}_typed", usable.key, usable.classifier, text)


def show_file(page: str, usable: ActiveClassifier) -> None:
    """Predict another table, row by row, as a job."""
    file = upload_file(f"{page}_new_file", "A table with a column of texts to predict", TABLES)
    if file is None:
        return
    learned = str(usable.facts.get("text_column", ""))
    popover = st.popover("How it is read", icon=":material/tune:", key=f"{page}_new_reading")
    opened = open_uploaded(f"{page}_new", file, popover, expected=(learned,))
    if opened is None:
        return
    table = opened.table
    preview(table.columns, table.rows)
    guess = learned, guess_text_column(table).column
    start = next((table.columns.index(name) for name in guess if name in table.columns), 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        column = st.selectbox("Texts", table.columns, start, key=f"{page}_new_text_{file.key[:12]}")
        button = st.container(width="content")
    header, rows, counts = jobs.run_or_offer(
        f"{page}_new",
        ("predictions", usable.key, file.key, opened.options, column),
        "Predicting",
        lambda job: job.apart(_predict, usable.classifier, table, column),
        seconds=0.0,
        results=visitor_results("predictions", 1),
        button=jobs.StartButton(f"Predict {counted(len(table.rows), 'row')}", button),
    )
    st.success(f"Predicted {counted(len(table.rows), 'row')}: {escape_markdown(_listed(counts))}.")
    with st.container(horizontal=True):
        for label, file_name, for_spreadsheet, about in _PREDICTION_FILES:
            st.download_button(
                label,
                partial(to_csv, header, rows, for_spreadsheet=for_spreadsheet),
                file_name,
                "text/csv",
                key=f"{page}_predictions{'_guarded' if for_spreadsheet else ''}",
                icon=":material/download:",
                on_click="ignore",
                help=about,
            )


def _predict(
    classifier: ElmoClassifier, table: Table, column: str, report: Report
) -> tuple[list[str], list[list[str | float | None]], dict[str, int]]:
    """Return header and rows of the predictions, and the number of rows with each label."""
    header, predictions = predict_table(classifier, table, column, report=report)
    rows, labels = [], list[str]()
    for cells, prediction in predictions:
        rows.append(cells)
        labels.append(prediction.label)
    return header, rows, dict(Counter(labels))


def _listed(counts: Mapping[str, int]) -> str:
    ranked = sorted(counts.items(), key=lambda entry: -entry[1])[:8]
    return ", ".join(f"{n:,} {label or 'without text'}" for label, n in ranked)


def offer_classifier(page: str, usable: ActiveClassifier) -> None:
    """Offer the classifier as a .zip, and its card."""
    files = files_of(usable.key, usable.classifier, usable.facts)
    with st.container(horizontal=True):
        st.download_button(
            "Classifier (.zip)",
            lambda: zip_bytes(files),
            "classifier.zip",
            "application/zip",
            key=f"{page}_zip",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Its card",
            files[CARD],
            "README.md",
            "text/markdown",
            key=f"{page}_card",
            icon=":material/description:",
            on_click="ignore",
        )
        with st.popover("How to use it", icon=":material/code:"):
            st.caption(
                "The .zip holds safetensors, JSON, its card and this script, which needs elmo_core alone."
            )
            st.code(files[SCRIPT].decode(), language="python")
