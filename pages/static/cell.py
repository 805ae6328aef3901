"""The Python cell of Contextual and static, which finds the lists on screen."""

from __future__ import annotations

from collections.abc import Sequence

from elmo_core.contrast.opening import N_NEAREST
from elmo_core.contrast.text_space import weights_of
from elmo_core.senses.study import CONTEXT
from pages.common.chosen_model import model_name
from pages.common.exports import literal
from pages.common.exports import python_cell as notebook_cell
from pages.common.loaders import Source, load_model
from pages.common.text_spaces import ChosenStatic
from pages.static.spaces import Contrast

_IMPORTS = """from pathlib import Path

from elmo_core import load_elmo
from elmo_core.tables.corpus import read_column, split_text
from elmo_core.contrast.comparison import contextual_neighbours, read_query, static_neighbours
from elmo_core.contrast.text_space import embed_text
from elmo_core.contrast.word_spaces import candidates, contextual_space, static_space
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table_file, read_text
from elmo_core.text.tokenisation import tokenise"""


def python_cell(
    source: Source, static: ChosenStatic, contrast: Contrast, word: str, sentences: Sequence[str]
) -> str:
    """Return Python that finds a word's nearest words by static and contextual vectors, as the page does.

    Args:
        source: the text.
        static: the chosen static vectors.
        contrast: the vectors of the text.
        word: whose neighbours are shown.
        sentences: two that use it.
    """
    needs_context = contrast.view == CONTEXT
    with_context = ", with_context=True" if needs_context else ""
    weights = weights_of(contrast.view, load_model(model_name()), with_context=needs_context)
    return notebook_cell(
        f"{_IMPORTS}\n{static.needs}",
        f"elmo = load_elmo({literal(model_name())})",
        *source.recipe,
        "tokens = [tokenise(sentence) for sentence in text.sentences]",
        f"space = embed_text(elmo, tokens{with_context})",
        f"weights, word = {weights}, {literal(word)}",
        static.recipe,
        "words = candidates(space, static)",
        f"by_context = contextual_space(space, weights, list(words), {literal(contrast.view)})",
        f"nearest = static_neighbours(static_space(static, words), word, {N_NEAREST})",
        "print([near.word for near in nearest])  # the same in every sentence",
        f"for sentence in {literal(list(sentences))}:",
        f"    query = read_query(elmo, sentence, word{with_context})",
        f"    nearest = contextual_neighbours(space, by_context, query, weights, {N_NEAREST})",
        "    print([near.word for near in nearest])",
    )
