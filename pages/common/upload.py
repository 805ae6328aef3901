"""A visitor's file: uploaded, opened as a table, previewed, with what was skipped and why.

An uploaded file is kept for its visitor until it is removed or replaced, so it outlives a change of page and
a reload. How it is read can be corrected, see `reading_choice`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import DeletedFile
from streamlit.runtime.uploaded_file_manager import UploadedFile as StreamlitFile

from elmo_core.plots.style import clip, listing
from elmo_core.tables.export import to_csv
from elmo_core.tables.reading import Decoded, Table, read_table
from elmo_core.tables.records import MAX_BYTES, ReadingOptions
from elmo_core.text.unpacking import PACKED_SUFFIXES
from pages.common.job import Job
from pages.common.jobs import OFFERED_S, run_or_offer
from pages.common.loaders import digest
from pages.common.markdown import escape_markdown
from pages.common.permissions import refusal_of_upload
from pages.common.reading_choice import choose_reading, offer_sheets
from pages.common.results import ResultStore, results_about, visitor_results
from pages.common.visitors import current_visitor, put_in_address

PACKED = tuple(suffix.removeprefix(".") for suffix in PACKED_SUFFIXES)
TABLES = ("csv", "tsv", "txt", "psv", "ssv", "jsonl", "ndjson", "json", "parquet", "xlsx", *PACKED)
"""Suffixes of files that can hold a table."""
T = TypeVar("T")

_BYTES_PER_S = 2 << 20  # of a table, read on one busy core
_UNPACKED = 8  # usual number of bytes in a packed file for each byte of its own
_COMPRESSED = (*PACKED_SUFFIXES, ".xlsx", ".parquet")
_PREVIEW_ROWS = 4
_PACKED = "my-model"  # name of several files that were packed into one
_LONGEST_CELL, _LONGEST_LINE = 60, 300  # characters shown of one of several columns, and of a single one


@dataclass(frozen=True)
class UploadedFile:
    """A file with its content."""

    key: str
    """SHA-256 of the content: what its results are kept under."""
    name: str
    content: bytes
    is_sample: bool = False

    @property
    def results(self) -> ResultStore:
        """Where what is read from the file is kept."""
        return results_about(is_sample=True) if self.is_sample else visitor_results("files", 8)

    @property
    def seconds(self) -> float:
        """Expected duration of reading it; never so long that it would wait for a click."""
        is_packed = self.name.lower().endswith(_COMPRESSED)
        seconds = len(self.content) * (_UNPACKED if is_packed else 1) / _BYTES_PER_S
        return min(seconds, OFFERED_S)


def upload_file(
    key: str,
    label: str,
    types: Sequence[str],
    *,
    max_mb: int = MAX_BYTES >> 20,
    place: DeltaGenerator | None = None,
    several: bool = False,
) -> UploadedFile | None:
    """Let the visitor choose a file; None while there is none.

    Args:
        key: of the field, and what the file is kept under.
        label: of the field.
        types: suffixes that are accepted; none = all.
        max_mb: largest size.
        place: where the field goes; None = here.
        several: whether several files may be chosen; those that are not one `.zip` are packed into one.
    """
    place = place or st.container()
    limit = min(max_mb, st.get_option("server.maxUploadSize"))
    place.file_uploader(
        label,
        types or None,
        max_upload_size=limit,
        key=key,
        on_change=_keep,
        args=(key,),
        accept_multiple_files=several,
    )
    if refusal := st.session_state.get(_refused_key(key)):
        place.error(refusal)
    file = _uploads().get(key)
    if file is not None and not st.session_state[key]:  # the field was emptied with its page
        with place.container(horizontal=True, vertical_alignment="center"):
            st.text(f"Still here: {file.name}", width="content")
            st.button("Remove", key=f"{key}_remove", type="tertiary", on_click=remove_upload, args=(key,))
    return file


def has_upload(key: str) -> bool:
    """Return whether a file is kept under a key."""
    return key in _uploads()


def remove_upload(key: str) -> None:
    """Drop the file kept under a key: a callback too."""
    _uploads().pop(key, None)


def open_table(
    page: str, file: UploadedFile, options: ReadingOptions, place: DeltaGenerator | None = None
) -> Table:
    """Read a table, say how it was read and what was skipped; the page stops until it is read.

    Args:
        page: prefix of the keys of all widgets.
        file: the table's file.
        options: how to read it, see `choose_reading`.
        place: where it is said how the table was read; None = here.

    Raises:
        InputError: there is no table in it.
    """
    table = read_file(
        f"{page}_table",
        file,
        ("table", options),
        lambda job: job.apart(read_table, file.content, file.name, **vars(options)),
    )
    prefix = reading_prefix(page, file)
    with place or st.container():
        st.caption(escape_markdown(" ".join(table.summary)))
        _warn_of_guess(table.name, table.reading.encoding or "", table.reading.is_guessed)
        if table.skipped:
            reasons = listing(f"{n:,} ({reason})" for reason, n in table.skipped_counts.items())
            total = len(table.skipped) + len(table.rows)
            sentence = f"{len(table.skipped):,} of {total:,} rows skipped: {reasons}."
            show_skipped(prefix, sentence, *table.skipped_table())
    offer_sheets(prefix, table)
    return table


def reading_prefix(page: str, file: UploadedFile) -> str:
    """Return the prefix of the keys of choices about one file, which hold for no other."""
    return f"{page}_{file.key[:12]}"


def choose_table_reading(page: str, file: UploadedFile, expected: tuple[str, ...] = ()) -> ReadingOptions:
    """Let the visitor correct how a table is read.

    Args:
        page: prefix of the keys of all widgets.
        file: the table's file.
        expected: names of columns; a row that holds one of them is the header.
    """
    return replace(choose_reading(reading_prefix(page, file)), expected=expected)


def read_file(owner: str, file: UploadedFile, key: tuple[Any, ...], read: Callable[[Job], T]) -> T:
    """Return what is read from a file; the page stops for the job that reads a large one.

    Args:
        owner: of the job.
        file: the file.
        key: what the result depends on besides the file.
        read: reads it, on whatever thread.
    """
    key = (file.key, file.name, *key)
    title = f"Reading {file.name}"
    return run_or_offer(owner, key, title, read, seconds=file.seconds, results=file.results)


def show_skipped(prefix: str, sentence: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Say how much of a file was not used, and offer the list of it: the same file name on all pages.

    Args:
        prefix: of the key of the download.
        sentence: how much was skipped, and why.
        header: names of the columns of the list.
        rows: the list.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.warning(escape_markdown(sentence), width="stretch")
        st.download_button(
            "Skipped rows",
            lambda: to_csv(header, rows),
            "skipped-rows.csv",
            "text/csv",
            key=f"{prefix}_skipped",
            icon=":material/download:",
            on_click="ignore",
        )


def say_decoding(name: str, decoded: Decoded) -> None:
    """Say what of a text file was guessed, replaced or left out."""
    _warn_of_guess(name, decoded.encoding, decoded.is_guessed)
    for fault in decoded.faults():
        st.warning(escape_markdown(fault))


def preview(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Show the first rows of a file."""
    longest = _LONGEST_CELL if len(columns) > 1 else _LONGEST_LINE
    shown = [[clip(cell, longest) for cell in row] for row in islice(rows, _PREVIEW_ROWS)]
    frame = pd.DataFrame(shown, columns=list(columns))
    st.dataframe(frame, hide_index=True, height="content", alt="The first rows of the file")


def _uploads() -> dict[str, UploadedFile]:
    uploads: dict[str, UploadedFile] = current_visitor().state.setdefault("uploads", {})
    return uploads


def _keep(key: str) -> None:
    """Callback: keep the file of a field, or drop it where the field was emptied or there is no room."""
    st.session_state.pop(_refused_key(key), None)
    chosen = st.session_state[key]
    # the session has no file of the id of a deleted one
    listed = chosen if isinstance(chosen, list) else [chosen] if chosen else []
    files = [file for file in listed if not isinstance(file, DeletedFile)]
    if not files:
        remove_upload(key)
        return
    others = sum(len(other.content) for name, other in _uploads().items() if name != key)
    if refusal := refusal_of_upload(sum(file.size for file in files), others):
        remove_upload(key)
        st.session_state[_refused_key(key)] = refusal
        return
    is_packed = isinstance(chosen, list) and (len(files) > 1 or not files[0].name.lower().endswith(".zip"))
    name, content = (f"{_PACKED}.zip", _pack(files)) if is_packed else (files[0].name, files[0].getvalue())
    _uploads()[key] = UploadedFile(digest(content), name, content)
    put_in_address()


def _pack(files: Sequence[StreamlitFile]) -> bytes:
    """Several files in one `.zip`, the same bytes for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(files, key=lambda file: file.name):
            archive.writestr(zipfile.ZipInfo(file.name), file.getvalue())
    return packed.getvalue()


def _refused_key(key: str) -> str:
    """Key of the sentence about the file of a field that was not kept."""
    return f"{key}_refused"


def _warn_of_guess(name: str, encoding: str, is_guessed: bool) -> None:
    if is_guessed:
        st.warning(
            f"{escape_markdown(name)} is not UTF-8; read as {escape_markdown(encoding)}. "
            "Check the accents below."
        )
