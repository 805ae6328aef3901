"""Which columns hold texts and labels, and what is wrong with them: shown before anything is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.plots.classified_texts import plot_class_sizes
from elmo_core.tables.columns import guess_label_column, guess_text_column
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Table
from elmo_core.tables.records import ReadingOptions, counted
from pages.classify.results import OpenedTable, TableFile, dataset_of
from pages.classify.table import preview
from pages.common.markdown import escape_markdown

_ICONS = {"refused": ":material/block:", "warning": ":material/warning:", "note": ":material/info:"}


@dataclass(frozen=True)
class ChosenDataset:
    """A dataset and where it comes from."""

    key: str
    """What its results are kept under."""
    data: Dataset
    columns: tuple[str, str]
    """Of the texts and of the labels."""
    file: TableFile
    lines: tuple[int, ...]
    """Of the file, for each text."""
    options: ReadingOptions = field(default_factory=ReadingOptions)
    """How it was read."""


def choose_dataset(page: str, opened: OpenedTable) -> ChosenDataset | None:
    """Columns, labels and findings of a table; None where there is nothing to learn from.

    Args:
        page: prefix of the keys of all widgets.
        opened: the table.
    """
    file, table = opened.file, opened.table
    looking, knowing = st.columns([3, 2], gap="large")
    with looking:
        columns = _columns(f"{page}_{file.key[:12]}", table)
        preview(table)
    if columns is None:
        return None
    merge, drop_rare = _label_options(f"{page}_{file.key[:12]}_{columns[1]}", table, columns[1])
    try:
        data = dataset_of(page, opened, columns, merge, drop_rare)
    except InputError as error:
        st.error(escape_markdown(str(error)))
        return None
    with knowing:
        _show_classes(data)
    with looking:
        _show_findings(page, data)
    key = f"{file.key} {opened.options} {columns} {merge} {drop_rare}"
    lines = tuple(table.lines[row] for row in data.rows)
    return ChosenDataset(key, data, columns, file, lines, opened.options)


def _columns(prefix: str, table: Table) -> tuple[str, str] | None:
    """The columns of texts and labels, guessed with reasons until the user says otherwise."""
    text_guess = guess_text_column(table)
    if len(table.columns) < 2:
        st.error("This table has a single column; a classifier needs texts and labels.")
        return None
    left, right = st.columns(2)
    text = left.selectbox(
        "Texts",
        table.columns,
        _position(table, text_guess.column, 0),
        key=f"{prefix}_text",
        persist_state="session",
    )
    label_guess = guess_label_column(table, text)
    label = right.selectbox(
        "Labels",
        table.columns,
        _position(table, label_guess.column, 1),
        key=f"{prefix}_label",
        persist_state="session",
    )
    for place, chosen, guess in ((left, text, text_guess), (right, label, label_guess)):
        if guess.column is None:
            place.caption(f"Not found: {escape_markdown(guess.reason)}.")
        elif chosen == guess.column:
            place.caption(f"Guessed: it {escape_markdown(guess.reason)}.")
            if guess.warning:
                place.warning(escape_markdown(guess.warning))
    if label_guess.column is None and label != text:
        counts = Counter(table.column(label))
        values, rows = counted(len(counts), "different value"), counted(len(table.rows), "row")
        st.caption(f"{escape_markdown(label)} holds {values} in {rows}.")
    return text, label


def _position(table: Table, name: str | None, otherwise: int) -> int:
    return table.columns.index(name) if name in table.columns else min(otherwise, len(table.columns) - 1)


def _label_options(prefix: str, table: Table, label: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Labels read as others, and whether those of a single row are left out."""
    counts = Counter(cell for cell in table.column(label) if cell).most_common(200)
    with st.popover("Merge or leave out labels", icon=":material/merge:"):
        st.caption("Write the label that another one is to be read as into the last column.")
        frame = pd.DataFrame(counts, columns=["label", "rows"])
        frame["read as"] = frame["label"]
        edited = st.data_editor(
            frame, hide_index=True, disabled=["label", "rows"], key=f"{prefix}_merge", height="content"
        )
        drop_rare = st.toggle(
            "Leave out labels that stand in one row only", key=f"{prefix}_rare", persist_state="session"
        )
    pairs = zip(edited["label"], edited["read as"], strict=True)
    merge = tuple(
        (old, str(new).strip()) for old, new in pairs if isinstance(new, str) and new.strip() != old
    )
    return merge, drop_rare


def _show_classes(data: Dataset) -> None:
    counts = Counter(data.labels).most_common()
    st.markdown(f"**{counted(len(data.texts), 'text')} to use, {counted(len(counts), 'label')}**")
    st.plotly_chart(
        plot_class_sizes(counts),
        config={"displayModeBar": False},
        key="classify_sizes",
        alt="Texts of each label: " + ", ".join(f"{name} {n}" for name, n in counts[:10]),
    )


def _show_findings(page: str, data: Dataset) -> None:
    """What is to be known before training, the worst first; what is left out as a file."""
    shows = {"refused": st.error, "warning": st.warning, "note": st.info}
    for severity, show in shows.items():
        found = [
            escape_markdown(finding.message) for finding in data.findings if finding.severity == severity
        ]
        if found:
            show("\n".join(f"- {message}" for message in found), icon=_ICONS[severity])
    if not data.findings:
        st.success("No duplicates, no empty rows, no unequal classes found.", icon=":material/check:")
    if data.dropped:
        st.download_button(
            f"{counted(len(data.dropped), 'row')} left out",
            lambda: to_csv(
                ("line", "reason", "text", "label"),
                ((one.line, one.reason, one.text, one.label) for one in data.dropped),
            ),
            "left-out.csv",
            "text/csv",
            key=f"{page}_dropped",
            icon=":material/download:",
            on_click="ignore",
        )
