"""The columns of texts and labels, and problems with them, shown before anything is trained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.plots.classified_texts import plot_class_sizes
from elmo_core.plots.style import listing
from elmo_core.tables.columns import guess_label_column, guess_text_column
from elmo_core.tables.reading import Table
from elmo_core.tables.records import ReadingOptions, counted
from pages.classify.results import CLEAN, OpenedTable, dataset_of, sample_file
from pages.common.markdown import escape_markdown
from pages.common.upload import UploadedFile, preview, show_skipped

_ICONS = {"refused": ":material/block:", "warning": ":material/warning:", "note": ":material/info:"}


@dataclass(frozen=True)
class ChosenDataset:
    """A dataset and where it comes from."""

    key: str
    """Key of its results."""
    data: Dataset
    columns: tuple[str, str]
    """Columns of the texts and of the labels."""
    file: UploadedFile
    lines: tuple[int, ...]
    """Line in the file of each text."""
    options: ReadingOptions = field(default_factory=ReadingOptions)
    """How it was read."""


def choose_dataset(page: str, opened: OpenedTable) -> ChosenDataset | None:
    """Let the visitor choose columns and labels, and show findings; None where there is nothing to learn.

    Args:
        page: prefix of the keys of all widgets.
        opened: the table.
    """
    is_clean = opened.file in [sample_file(name) for name in CLEAN]
    with st.expander("The table, its columns and labels", icon=":material/table:", expanded=not is_clean):
        return _choose(page, opened)


def _choose(page: str, opened: OpenedTable) -> ChosenDataset | None:
    file, table = opened.file, opened.table
    looking, knowing = st.columns([3, 2], gap="large")
    with looking:
        columns = _columns(f"{page}_{file.key[:12]}", table)
        preview(table.columns, table.rows)
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
    """Return the columns of texts and labels, guessed with reasons until the visitor chooses."""
    text_guess = guess_text_column(table)
    if len(table.columns) < 2:
        st.error("This table has a single column; a classifier needs texts and labels.")
        return None
    left, right = st.columns(2)
    text = left.selectbox(
        "Texts",
        table.columns,
        None if text_guess.column is None else table.columns.index(text_guess.column),
        key=f"{prefix}_text",
        persist_state="session",
        placeholder="Choose the column of texts",
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
    if text is None:
        return None
    if label_guess.column is None and label != text:
        counts = Counter(table.column(label))
        values, rows = counted(len(counts), "different value"), counted(len(table.rows), "row")
        st.caption(f"{escape_markdown(label)} holds {values} in {rows}.")
    return text, label


def _position(table: Table, name: str | None, otherwise: int) -> int:
    return table.columns.index(name) if name in table.columns else min(otherwise, len(table.columns) - 1)


def _label_options(prefix: str, table: Table, label: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Return labels to merge with others, and whether labels of a single row are left out."""
    counts = Counter(cell for cell in table.column(label) if cell).most_common(200)
    with st.popover("Merge or leave out labels", icon=":material/merge:"):
        st.caption("To merge a label with another one, write the other one into the last column.")
        frame = pd.DataFrame(counts, columns=["label", "rows"])
        frame["read as"] = frame["label"]
        edited = st.data_editor(
            frame, hide_index=True, disabled=["label", "rows"], key=f"{prefix}_merge", height="content"
        )
        drop_rare = st.toggle(
            "Leave out labels with a single row", key=f"{prefix}_rare", persist_state="session"
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
    """Show what to know before training, the worst first, and offer the rows that are not used."""
    shows = {"refused": st.error, "warning": st.warning, "note": st.info}
    for severity, show in shows.items():
        messages = [
            escape_markdown(finding.message) for finding in data.findings if finding.severity == severity
        ]
        if messages:
            show("\n".join(f"- {message}" for message in messages), icon=_ICONS[severity])
    if not data.findings:
        st.success("No duplicates, no empty rows, no unequal classes found.", icon=":material/check:")
    if data.dropped:
        reasons = Counter(row.reason for row in data.dropped).most_common()
        counts = listing(f"{n:,} ({reason})" for reason, n in reasons)
        show_skipped(
            f"{page}_dataset",
            f"{counted(len(data.dropped), 'row')} not used: {counts}.",
            ("line", "reason", "text", "label"),
            [(row.line, row.reason, row.text, row.label) for row in data.dropped],
        )
