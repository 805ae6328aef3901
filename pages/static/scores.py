"""Scores of static and contextual vectors on the same tasks: pairs, analogies, odd one out, senses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from elmo_core.contrast.as_static import vectors_of_words_alone
from elmo_core.contrast.questions import read_groups, read_pairs
from elmo_core.contrast.scores import (
    BenchmarkScore,
    analogies,
    odd_one_out,
    same_sense,
    word_similarity,
)
from elmo_core.contrast.text_space import TextSpace, views_of, weights_of
from elmo_core.exceptions import InputError
from elmo_core.plots.contrast import plot_scores
from elmo_core.senses.study import view_names
from elmo_core.static.vectors import StaticVectors
from elmo_core.text.opening import read_text, split_lines
from pages.common import exports
from pages.common.chosen_model import model_name
from pages.common.loaders import Source, load_model, words_to_try
from pages.common.markdown import escape_markdown
from pages.common.reading_choice import choose_encoding
from pages.common.sense_data import UseQuery, find
from pages.common.text_spaces import shipped_vectors
from pages.common.upload import PACKED, reading_prefix, say_decoding, upload_file
from pages.static.spaces import Contrast

SENSES, PAIRS, ANALOGIES, ODD = "Same sense or not", "Word similarity", "Analogies", "Odd one out"
_PAIRS_PER_WORD = 60
_MOST_LIST_MB = 10
_EXAMPLES = {
    PAIRS: "river stream 9\nriver lake 7\nriver money 1\nking queen 8\nking prince 7\nking boat 1\n"
    "winter autumn 7\nwinter summer 6\nwinter engine 1\ndoctor nurse 8\ndoctor mountain 0\nship boat 9",
    ANALOGIES: "man woman king queen\nman woman father mother\nman woman brother sister\n"
    "big bigger small smaller\nwalk walked play played\nFrance Paris Italy Rome\n"
    "Germany Berlin England London\ngood better bad worse",
    ODD: "apple pear plum hammer\nriver lake sea carpet\nred green blue Tuesday\nviolin piano flute spoon\n"
    "king queen prince bucket\nwalk run jump green",
}
_HELP = {
    PAIRS: "Two words and their similarity, one pair a line (the format of SimLex-999 and WordSim-353).",
    ANALOGIES: "Four words a line: the first is to the second as the third is to the fourth.",
    ODD: "Three or more words a line, the odd one last.",
}


def show_scores(page: str, source: Source, contrasts: Sequence[Contrast], vectors: StaticVectors) -> None:
    """Show the scores of all vectors in one task, beside chance, with their coverage.

    Args:
        page: prefix of the keys of all widgets.
        source: the text.
        contrasts: its vectors by each model, which are compared where the task has sentences.
        vectors: the static ones.
    """
    kinds = (SENSES, PAIRS, ANALOGIES, ODD)
    task = st.segmented_control(
        "Task", kinds, default=SENSES, required=True, key="task", bind="query-params", wrap=True
    )
    if task == SENSES:
        scores, note = _sense_scores(source, contrasts, vectors)
        if not scores:
            st.info(note)
            return
    else:
        scores, note = _word_scores(page, str(task), vectors)
    figure = plot_scores(scores)
    chart, table = st.columns(2, gap="large")
    with chart:
        st.plotly_chart(figure, key=f"{page}_scores", config={"displayModeBar": False}, alt=_describe(scores))
    frame = _frame(scores)
    with table:
        st.caption(
            f"{escape_markdown(note)} Dotted: chance. 95% intervals: by resampling (seed 42), for shares by "
            "Wilson's method."
        )
        st.dataframe(frame, hide_index=True, height="content", column_config=_columns(), alt="Scores")
    exports.show_downloads(page, f"scores {task}", rows=lambda: frame, figures={"Scores": figure})


def _sense_scores(
    source: Source, contrasts: Sequence[Contrast], vectors: StaticVectors
) -> tuple[list[BenchmarkScore], str]:
    """Score pairs of uses of the labelled words: do they have the same sense?"""
    pairs = _labelled_pairs(source, contrasts[0].text)
    if not pairs:
        return (
            [],
            "This text has no labelled sense with two uses; a table with a column of senses has them.",
        )
    first, second, is_same, words = zip(*pairs, strict=True)
    known = [1.0 if vectors.spelling_of(word) else None for word in words]
    scores = [same_sense(f"Static: {vectors.name}", known, is_same)]
    for contrast in contrasts:
        encoder = load_model(contrast.model)
        name = "" if contrast is contrasts[0] else f", {contrast.model}"
        for view in views_of(encoder):
            units = contrast.text.directions(weights_of(view, encoder, with_context=True))
            cosines = (units[list(first)] * units[list(second)]).sum(axis=1)
            scores.append(same_sense(f"{view}{name}", cosines.tolist(), is_same))
    return scores, (
        f"{len(pairs):,} pairs of uses of the same word, up to {_PAIRS_PER_WORD} a word, drawn with seed 42. "
        "The static vector of both uses is the same one, so it stays at one half."
    )


def _labelled_pairs(source: Source, text: TextSpace) -> list[tuple[int, int, bool, str]]:
    """Return pairs of uses: the rows of their tokens, whether they have the same sense, and their word."""
    starts = np.cumsum([0, *map(len, text.sentences)])
    generator, pairs = np.random.default_rng(42), []
    for word in words_to_try(source):
        found_uses = find("static", source, UseQuery(word)).uses
        uses = [use for use in found_uses if use.label and use.sentence < len(text.sentences)]
        if len({use.label for use in uses}) < 2:
            continue
        rows = [int(starts[use.sentence]) + use.position for use in uses]
        first, second = np.triu_indices(len(uses), 1)
        for pair in generator.permutation(len(first))[:_PAIRS_PER_WORD]:
            a, b = first[pair], second[pair]
            pairs.append((rows[a], rows[b], uses[a].label == uses[b].label, word))
    return pairs


def _word_scores(page: str, task: str, vectors: StaticVectors) -> tuple[list[BenchmarkScore], str]:
    """Score the chosen vectors, the shipped ones and each layer on a list; also return how it was read."""
    label, types = "A list of your own (TXT, TSV, CSV)", ("txt", "tsv", "csv", *PACKED)
    file = upload_file(f"{page}_list_{task}", label, types, max_mb=_MOST_LIST_MB)
    typed = st.text_area(
        _HELP[task], _EXAMPLES[task], height=160, key=f"{page}_typed_{task}", disabled=file is not None
    )
    columns, lines = None, split_lines(typed or "")
    if file:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            encoding = choose_encoding(reading_prefix(page, file))
            columns = _columns_wanted(reading_prefix(page, file)) if task == PAIRS else None
        decoded = read_text(file.content, file.name, encoding=encoding)
        lines = split_lines(decoded.text)
        say_decoding(file.name, decoded)
    score, words, note = _task(task, lines, columns)
    sources = {vectors.name: vectors, shipped_vectors().name: shipped_vectors()}
    elmo = load_model(model_name())
    candidates = tuple(
        dict.fromkeys([*words, *shipped_vectors().words[3:2000]] if task == ANALOGIES else words)
    )
    with st.spinner("Reading the words", show_time=True):
        for view in view_names(elmo.n_layers)[:-1]:
            name, weights = f"{view}, word alone", weights_of(view, elmo)
            sources[name] = vectors_of_words_alone(elmo, candidates, weights, name)
    return [score(source) for source in sources.values()], note


def _columns_wanted(prefix: str) -> tuple[int, int, int] | None:
    """Return the columns of the pairs in a file; None = find them."""
    text = st.text_input(
        "Columns of the two words and the score",
        placeholder="found automatically; for example 1, 2, 4",
        key=f"{prefix}_columns",
    )
    if not text.strip():
        return None
    numbers = [int(part) for part in text.replace(",", " ").split() if part.isdecimal()]
    if len(numbers) != 3:
        raise InputError(f"Give three column numbers, such as 1, 2, 4; found {text[:40]!r}.")
    return numbers[0], numbers[1], numbers[2]


def _task(
    task: str, lines: Sequence[str], columns: tuple[int, int, int] | None
) -> tuple[Callable[[StaticVectors], BenchmarkScore], list[str], str]:
    """Return a function that scores vectors on these lines, all words in them, and how they were read."""
    if task == PAIRS:
        pairs = read_pairs(lines, columns)
        words = [word for pair in pairs for word in pair[:2]]
        return lambda source: word_similarity(source, pairs), words, pairs.reading
    groups = read_groups(lines, 4, 4) if task == ANALOGIES else read_groups(lines, 3)
    words = [word for group in groups for word in group]
    if task == ANALOGIES:
        return lambda source: analogies(source, groups), words, _HELP[task]
    return lambda source: odd_one_out(source, groups), words, _HELP[task]


def _frame(scores: Sequence[BenchmarkScore]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "source": [score.source for score in scores],
            "score": [score.value for score in scores],
            "low": [score.low for score in scores],
            "high": [score.high for score in scores],
            "chance": [score.chance for score in scores],
            "coverage": [score.coverage for score in scores],
        }
    )


def _columns() -> dict[str, Any]:
    number, text = st.column_config.NumberColumn, st.column_config.TextColumn
    names = ("score", "low", "high", "chance")
    numbers = {name: number(name.capitalize(), format="%.2f", width=58) for name in names}
    return {"source": text("Source", width=160), **numbers, "coverage": text("Coverage", width=90)}


def _describe(scores: Sequence[BenchmarkScore]) -> str:
    parts = [f"{score.source} {score.value:.2f}" for score in scores if score.value is not None]
    return f"{scores[0].measure}: {', '.join(parts)}; chance {scores[0].chance:.2f}."
