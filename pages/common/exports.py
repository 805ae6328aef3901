"""Downloads of a view: rows, figures, the view as a link and as a Python cell."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.plots.style import standalone_html
from elmo_core.tables.export import to_csv
from elmo_core.weights.registry import find_model
from pages.common.chosen_model import compared_model, model_name
from pages.common.visitors import IN_ADDRESS

_NEEDS_FILE = "The cell reads your text from a file: put its path in the first line."


@dataclass(frozen=True)
class Download:
    """A further file, created on demand."""

    label: str
    file_name: str
    mime: str
    make: Callable[[], bytes]


def show_downloads(
    page: str,
    name: str,
    *,
    rows: Callable[[], pd.DataFrame] | None = None,
    figures: Mapping[str, go.Figure] | None = None,
    more: tuple[Download, ...] = (),
    cell: str = "",
    reads_file: bool = False,
    in_link: Mapping[str, str] | None = None,
) -> None:
    """Show the downloads of a view in one row of buttons.

    Args:
        page: prefix of the keys of all widgets.
        name: of the files, without suffix.
        rows: makes the table behind the view; offered as CSV for spreadsheets (guarded) and as
            Parquet for programs.
        figures: by what they show ("Map"); offered as pages of their own. The camera in a figure's corner
            saves it as an image.
        more: further files.
        cell: Python that rebuilds the view with the public functions.
        reads_file: whether the cell needs the user's own file.
        in_link: more of the view, which the page takes from the address when it opens.
    """
    stem = "-".join(name.lower().split()) or "elmo"
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for number, file in enumerate(_downloads(name, stem, rows, figures or {}, more)):
            st.download_button(
                file.label,
                file.make,
                file.file_name,
                file.mime,
                key=f"{page}_download_{number}",
                icon=":material/download:",
                on_click="ignore",
            )
        with st.popover("Link", icon=":material/link:"):
            st.caption(
                "Opens this view for anyone who can reach this server. Your own text is not part of it."
            )
            st.code(_link(in_link or {}), language=None, wrap_lines=True)
        if cell:
            with st.popover("Python", icon=":material/code:", width="content"):
                st.caption(_NEEDS_FILE if reads_file else "The same with elmo_core alone.")
                st.code(cell, language="python", wrap_lines=True)


def frame_to_csv(frame: pd.DataFrame) -> bytes:
    """Return a data frame as CSV, guarded so that a spreadsheet runs nothing in it."""
    cells = frame.astype(object).where(frame.notna(), None)
    return to_csv([str(column) for column in frame.columns], cells.itertuples(index=False, name=None))


def frame_to_parquet(frame: pd.DataFrame) -> bytes:
    """Return a data frame as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def python_cell(imports: str, *lines: str) -> str:
    """Return a notebook cell: imports, a blank line, lines; a transformer is loaded by `load_encoder`."""
    cell = "\n".join([imports, "", *lines])
    entries = [find_model(name) for name in (model_name(), compared_model()) if name]
    is_any = any(entry is not None and entry.transformer for entry in entries)
    return cell.replace("load_elmo", "load_encoder") if is_any else cell


def literal(value: object) -> str:
    """Return a value as Python source in one line, with numbers of NumPy as plain ones."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def _downloads(
    name: str,
    stem: str,
    rows: Callable[[], pd.DataFrame] | None,
    figures: Mapping[str, go.Figure],
    more: tuple[Download, ...],
) -> list[Download]:
    downloads = []
    if rows is not None:
        make = rows
        downloads += [
            Download("CSV", f"{stem}.csv", "text/csv", lambda: frame_to_csv(make())),
            Download(
                "Parquet", f"{stem}.parquet", "application/octet-stream", lambda: frame_to_parquet(make())
            ),
        ]
    for label, figure in figures.items():
        file_name = f"{stem}-{label.lower().replace(' ', '-')}.html"
        downloads.append(
            Download(f"{label} (HTML)", file_name, "text/html", partial(_html, figure, f"{name}: {label}"))
        )
    return [*downloads, *more]


def _html(figure: go.Figure, title: str) -> bytes:
    return standalone_html(figure, title).encode()


def _link(more: Mapping[str, str]) -> str:
    """Return the address of this view, without what names its visitor."""
    address = (st.context.url or "").partition("?")[0]
    own = {name: value for name, value in st.query_params.to_dict().items() if name != IN_ADDRESS}
    parameters = urlencode({**own, **more})
    return f"{address}?{parameters}" if parameters else address
