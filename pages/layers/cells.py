"""The Python cells of the layers page: how a labelled set is created, and what is computed from it."""

from __future__ import annotations

from dataclasses import dataclass

from pages.common.chosen_model import model_name
from pages.common.exports import literal, python_cell

_SAMPLES = "data/samples/"
_BASE = (
    "from pathlib import Path\n",
    "from elmo_core import load_elmo",
    "from elmo_core.shipped import shipped",
    "from elmo_core.tables.reading import read_table",
)
_USES = (
    "from elmo_core.tables.corpus import read_column",
    "from elmo_core.layers.labelled import label_uses",
    "from elmo_core.senses.uses import find_uses",
)


@dataclass(frozen=True)
class DataCode:
    """Python that creates `data` and, where there are any, `sentences`."""

    imports: tuple[str, ...]
    lines: tuple[str, ...]
    reads_file: bool = False
    """Whether the visitor must fill in the path and columns of a file."""


def uses_recipe(word: str, path: str = "data/samples/senses.csv", *, reads_file: bool = False) -> DataCode:
    """Return Python for the uses of a word in a table of sentences, senses and words."""
    lines = (
        *_opened(path),
        'text = read_column(table, "sentence", "sense", "word")',
        "sentences = text.sentences",
        f"uses = find_uses(sentences, {literal(word)}, text.labels_of({literal(word)}))",
        "data = label_uses(elmo, uses)",
    )
    return DataCode((*_BASE, *_USES), lines, reads_file)


def words_recipe(words: tuple[str, ...]) -> DataCode:
    """Return Python for the uses of several words of the sample, each with its own senses."""
    imports = (*_BASE, _USES[0], "from elmo_core.layers.labelled import join_words, label_uses", _USES[-1])
    lines = (
        *_opened("data/samples/senses.csv"),
        'text = read_column(table, "sentence", "sense", "word")',
        "sentences = text.sentences",
        f"every = [find_uses(sentences, word, text.labels_of(word)) for word in {literal(list(words))}]",
        "data = join_words({uses.word: label_uses(elmo, uses) for uses in every})",
    )
    return DataCode(imports, lines)


def texts_recipe(path: str, label: str, *, reads_file: bool = False) -> DataCode:
    """Return Python for the rows of a table by their labels."""
    lines = (
        *_opened(path),
        'sentences = table.column("text")',
        f"data = label_texts(elmo, sentences, table.column({literal(label)}))",
    )
    imports = (*_BASE, "from elmo_core.layers.labelled import label_texts")
    return DataCode(imports, lines, reads_file)


def tagged_recipe(path: str = "data/samples/word_classes.csv") -> DataCode:
    """Return Python for the tokens of tagged sentences."""
    lines = (
        *_opened(path),
        'sentences = table.column("tokens")',
        'pairs = zip(sentences, table.column("tags"))',
        "data = label_tokens(elmo, [list(zip(a.split(), b.split())) for a, b in pairs])",
    )
    imports = (*_BASE, "from elmo_core.layers.labelled import label_tokens")
    return DataCode(imports, lines)


def cell(recipe: DataCode, imports: str, *lines: str) -> str:
    """Return the cell of a view: its data, and what is computed from them."""
    return python_cell("\n".join([*recipe.imports, imports]), *recipe.lines, *lines)


def _opened(path: str) -> tuple[str, ...]:
    return (
        f"elmo = load_elmo({literal(model_name())})",
        f"path = {f'shipped({literal(path)})' if path.startswith(_SAMPLES) else f'Path({literal(path)})'}",
        "table = read_table(path.read_bytes(), path.name)",
    )
