"""What is taken away from Read: rows, the coloured text, figures, the link, and a Python cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import plotly.graph_objects as go

from elmo_core.encoders.likelihoods import Side
from elmo_core.plots.surprise import coloured_page, plot_comparison, plot_text
from elmo_core.reading.comparison import compare
from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.text import ReadText
from pages.common.exports import Download, frame_to_csv, literal, show_downloads
from pages.common.exports import python_cell as notebook_cell
from pages.common.loaders import Source
from pages.read.texts import FIRST, SECOND
from pages.read.views import pair_frame, word_frame
from pages.read.work import Readings

_IMPORTS = """from elmo_core import load_elmo
from elmo_core.reading.rows import COLUMNS, cells
from elmo_core.reading.samples import sample_surprise
from elmo_core.reading.text import read_text"""
_IMPORTS_OF_FILES = """from pathlib import Path

from elmo_core import load_elmo
from elmo_core.reading.rows import COLUMNS, cells
from elmo_core.reading.samples import sample_surprise
from elmo_core.reading.text import read_text
from elmo_core.tables.corpus import read_column, split_text
from elmo_core.tables.reading import read_table_file, read_text as decode"""
_IMPORTS_OF_PAIRS = """from elmo_core.reading.comparison import compare
from elmo_core.reading.rows import PAIR_COLUMNS, cells_of, pair_records"""


def offer_all(page: str, both: Sequence[Readings], side: Side, source: Source | None) -> None:
    """Show the downloads.

    Args:
        page: prefix of the keys of all widgets.
        both: the texts as one model reads them, or two.
        side: the surprise that is shown.
        source: where a longer text comes from; None = it was typed.
    """
    show_downloads(
        page,
        "read",
        rows=lambda: word_frame(both),
        figures={} if source else _figures(both, side),
        more=(*_word_for_word(both[0]), *_coloured(both, side)),
        cell=python_cell(both, source),
        reads_file=source is not None,
    )


def _coloured(both: Sequence[Readings], side: Side) -> Iterator[Download]:
    """Each text in colour, by the model where there are two."""
    for readings in both:
        for name, read in readings.texts.items():
            by = f" by {readings.model}" if len(both) > 1 else ""
            is_alone = len(both) == len(readings.texts) == 1
            yield Download(
                "In colour (HTML)" if is_alone else f"{name.capitalize()} in colour{by} (HTML)",
                f"read-{name}{by}.html".replace(" ", "-"),
                "text/html",
                partial(_page, read, readings.samples, side),
            )


def _page(read: ReadText, samples: SampleSurprise, side: Side) -> bytes:
    return "".join(coloured_page(read, samples, side)).encode()


def _word_for_word(readings: Readings) -> Iterator[Download]:
    """Two texts beside each other, a pair of words a row."""
    if FIRST in readings.texts and SECOND in readings.texts:
        pair = compare(readings.texts[FIRST], readings.texts[SECOND])
        yield Download(
            "Word for word (CSV)",
            "read-word-for-word.csv",
            "text/csv",
            lambda: frame_to_csv(pair_frame(pair, readings.samples, readings.samples)),
        )


def _figures(both: Sequence[Readings], side: Side) -> dict[str, go.Figure]:
    """What is drawn of sentences: the texts beside each other, and the models beside each other."""
    first, *others = both
    texts = [*first.texts.values()]
    figure = plot_text(texts[0], side)
    if len(texts) > 1:
        figure = plot_comparison(compare(*texts), side, (FIRST, SECOND))
    figures = {"Bits": figure}
    for other in others:
        for name, read in first.texts.items():
            pair = compare(read, other.texts[name])
            figures[f"Two models {name}"] = plot_comparison(pair, side, (first.model, other.model))
    return figures


def python_cell(both: Sequence[Readings], source: Source | None) -> str:
    """Return Python that prints the rows on screen."""
    first, *others = both
    imports = _IMPORTS if source is None else _IMPORTS_OF_FILES
    if source is None:
        lines = [f"texts = {literal([read.source for read in first.texts.values()])}"]
    else:
        lines = [line.replace("read_text(", "decode(") for line in source.recipe]
        lines.append(r'texts = ["\n".join(text.sentences)]')
    lines += [f"elmo = load_elmo({literal(first.model)})", "samples = sample_surprise(elmo)"]
    if others:
        lines += [
            f"other = load_elmo({literal(others[0].model)})",
            "samples_of_other = sample_surprise(other)",
            "for text in texts:",
            "    pair = compare(read_text(elmo, text), read_text(other, text))",
            "    print(pair.first.perplexity.mean, pair.second.perplexity.mean, pair.say_vocabularies())",
            "    print(PAIR_COLUMNS)",
            "    for row in cells_of(pair_records(pair, samples, samples_of_other, 5)):",
            "        print(row)",
        ]
        return notebook_cell(f"{imports}\n{_IMPORTS_OF_PAIRS}", *lines)
    lines += [
        "found = [read_text(elmo, text) for text in texts]",
        "for read in found:",
        "    print(read.perplexity.mean, COLUMNS)",
        "    for row in cells(read, samples, 5):",
        "        print(row)",
    ]
    if len(first.texts) > 1:
        imports += f"\n{_IMPORTS_OF_PAIRS}"
        lines += [
            "print(PAIR_COLUMNS)",
            "for row in cells_of(pair_records(compare(*found), samples, samples, 5)):",
            "    print(row)",
        ]
    return notebook_cell(imports, *lines)
