"""What is taken away from Read: rows, the coloured text, figures, the link, and a Python cell."""

from __future__ import annotations

from collections.abc import Mapping

from elmo_core.plots.surprise import coloured_page, plot_texts
from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.surprise import Side
from elmo_core.reading.text import ReadText
from pages.common.chosen_model import model_name
from pages.common.exports import Download, literal, show_downloads
from pages.common.exports import python_cell as notebook_cell
from pages.common.loaders import Source
from pages.read.views import word_frame

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


def offer_all(
    page: str, texts: Mapping[str, ReadText], samples: SampleSurprise, side: Side, source: Source | None
) -> None:
    """Show the downloads.

    Args:
        page: prefix of the keys of all widgets.
        texts: by name, one or two.
        samples: what percentiles are taken among.
        side: the surprise that is shown.
        source: where a longer text comes from; None = it was typed.
    """
    coloured = [
        Download(
            f"{name.capitalize()} in colour (HTML)" if len(texts) > 1 else "In colour (HTML)",
            f"read-{name.replace(' ', '-')}.html",
            "text/html",
            lambda read=read: "".join(coloured_page(read, samples, side)).encode(),  # type: ignore[misc]
        )
        for name, read in texts.items()
    ]
    show_downloads(
        page,
        "read",
        rows=lambda: word_frame(texts, samples),
        figures={} if source else {"Bits": plot_texts(list(texts.values()), side)},
        more=tuple(coloured),
        cell=python_cell(texts, source),
        reads_file=source is not None,
    )


def python_cell(texts: Mapping[str, ReadText], source: Source | None) -> str:
    """Return Python that prints the rows on screen."""
    lines = [f"elmo = load_elmo({literal(model_name())})", "samples = sample_surprise(elmo)"]
    if source is None:
        lines.append(f"texts = {literal([read.source for read in texts.values()])}")
    else:
        lines += [*(line.replace("read_text(", "decode(") for line in source.recipe)]
        lines.append(r'texts = ["\n".join(text.sentences)]')
    return notebook_cell(
        _IMPORTS if source is None else _IMPORTS_OF_FILES,
        *lines,
        "for text in texts:",
        "    read = read_text(elmo, text)",
        "    print(read.perplexity.mean, COLUMNS)",
        "    for row in cells(read, samples, 5):",
        "        print(row)",
    )
