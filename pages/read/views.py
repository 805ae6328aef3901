"""What is seen of a text that was read: the words in colour, the most surprising one, and the numbers."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from elmo_core.encoders.likelihoods import SIDES, ReadSentence, Side
from elmo_core.glossary import explain
from elmo_core.plots.style import percent
from elmo_core.plots.surprise import (
    LEVELS,
    SIDE_NAMES,
    STYLE,
    coloured_sentence,
    level_of,
    rank_in_words,
    words_on_screen,
)
from elmo_core.pretraining.evaluation import MOST_UNKNOWN
from elmo_core.reading.comparison import PairedReadings, compare
from elmo_core.reading.rows import COLUMNS, PAIR_COLUMNS, cells, cells_of, pair_records
from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.text import ReadText, perplexity_of
from elmo_core.tables.records import counted
from pages.common.markdown import escape_markdown
from pages.read.texts import LONGER_TEXT, ChosenTexts
from pages.read.work import Readings

_N_EXPECTED = 5
_MOST_COLOURED = 40
_IN_ORDER, _BY_SURPRISE = "In the order of the text", "The most surprising first"


def choose_side(sides: Sequence[Side]) -> Side:
    """Let the visitor choose what was read before a word was predicted, where the models leave a choice."""
    if "left" not in sides:
        st.caption(
            "Surprise from both sides: a transformer masks each word and reads all the others, so it has "
            "none from one side.",
            help=explain("Surprise", "Bit"),
        )
        return "both"
    names: dict[str, Side] = {"Left": "left", "Right": "right", "Both sides": "both"}
    chosen = st.segmented_control(
        "Surprise from",
        list(names),
        default="Both sides",
        required=True,
        key="from",
        bind="query-params",
        help=explain("Surprise", "Bit"),
        wrap=True,
    )
    return names[chosen]


def show_text(read: ReadText, samples: SampleSurprise, side: Side, order: list[int] | None = None) -> None:
    """Show sentences in colour; what was expected of a word is shown when it is pointed at or clicked.

    Args:
        read: the text.
        samples: what percentiles are taken among.
        side: the surprise that is shown.
        order: numbers of the sentences to show; None = all.
    """
    shown = range(len(read.sentences)) if order is None else order
    paragraphs = (coloured_sentence(read, number, samples, side) for number in shown)
    st.html(f"<div>{''.join(paragraphs)}</div><style>{STYLE}</style>")


def choose_order(page: str, read: ReadText, chosen: ChosenTexts) -> list[int]:
    """Let the visitor choose which sentences of a longer text are shown, and in which order."""
    n = len(read.sentences)
    order = list(range(n))
    with chosen.places[LONGER_TEXT], st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.segmented_control(
            "Sentences", (_IN_ORDER, _BY_SURPRISE), default=_IN_ORDER, required=True, key="order",
            bind="query-params", wrap=True,
        )  # fmt: skip
        if kind == _BY_SURPRISE:
            order.sort(key=lambda number: -perplexity_of([read.sentences[number]]).mean)
        n_pages = -(-n // _MOST_COLOURED)
        first = 0
        if n_pages > 1:
            first = (
                st.number_input(f"Part, 1 to {n_pages}", 1, n_pages, key=f"{page}_part_number", width=140) - 1
            )
    return order[first * _MOST_COLOURED : (first + 1) * _MOST_COLOURED]


def show_readings(
    readings: Readings, chosen: ChosenTexts, side: Side, order: list[int] | None, *, is_named: bool
) -> None:
    """Show what a model makes of the texts, each in its place: in colour, and the most surprising word.

    Args:
        readings: the texts as it reads them.
        chosen: the texts and their places.
        side: the surprise that is shown.
        order: numbers of the sentences to show; None = all.
        is_named: whether another model stands beside it.
    """
    for name, read in readings.texts.items():
        with chosen.places[name]:
            if is_named:
                st.markdown(f"**{escape_markdown(readings.model)}**")
            if order is not None:  # a long text: the finding first
                say_most_surprising(read, readings.samples, side)
            show_text(read, readings.samples, side, order)
            if order is None:
                say_most_surprising(read, readings.samples, side)


def explain_colours(both: Sequence[Readings]) -> None:
    """Say what numbers, colours and lines mean."""
    low, middle, high = LEVELS
    origins = dict.fromkeys(readings.samples.origin for readings in both)
    st.caption(
        "The number under a word is its surprise in bits. Dotted, solid and double lines with growing "
        f"colour: more than {low}%, {middle}% and {high}% of words surprise the model less, among "
        f"{' or '.join(origins)}. A dashed box with ? is a word outside the model's vocabulary. "
        "Point at a word, or click it, to see what was expected.",
        help=explain("Surprise", "Bit", "Perplexity"),
    )
    masked = [readings.model for readings in both if "left" not in readings.sides]
    if masked:
        st.caption(
            f"{escape_markdown(' and '.join(masked))} builds words of sub-words: the bits of a word are the "
            "sum over its sub-words, each predicted with those after it in the word masked as well."
        )


def say_most_surprising(read: ReadText, samples: SampleSurprise, side: Side) -> None:
    """Say which word surprises most, how much, and what was expected in its place."""
    unknown = sum(int(one.is_unknown.sum()) for one in read.sentences) / read.n_tokens
    if unknown > MOST_UNKNOWN:
        st.warning(
            f"{percent(unknown)} of the words are outside the model's vocabulary, so the numbers say little: "
            "the text is probably not in the language or of the kind that the model has learned."
        )
        return
    number, place = read.most_surprising(side)
    sentence = read.sentences[number]
    row = SIDES.index(side)
    bits, share = sentence.bits[row, place], samples.percentiles(sentence.bits)[row, place]
    word = escape_markdown(sentence.tokens[place])
    start = "Most surprising" if level_of(share) else "No word stands out. Most surprising"
    st.markdown(
        f"{start}: **{word}**, {bits:.1f} bits, {rank_in_words(share)}. From {SIDE_NAMES[side]}, the model "
        f"expected {_expected(sentence, side, place)}."
    )


def say_failure(read: ReadText, samples: SampleSurprise, side: Side) -> None:
    """Say what is to be learned from a sentence without an odd word, one of whose words is marked."""
    number, place = read.most_surprising(side)
    sentence = read.sentences[number]
    if level_of(samples.percentiles(sentence.bits)[SIDES.index(side), place]):
        word = escape_markdown(sentence.tokens[place])
        st.info(
            f"Every word of the first sentence is right, and **{word}** is marked all the same: a word that "
            "the model did not expect is not always a wrong one.",
            icon=":material/lightbulb:",
        )


def show_perplexities(both: Sequence[Readings]) -> None:
    """Show the perplexity of texts beside those of the samples; of two models, both."""
    rows = [
        (
            readings.model,
            name,
            one.mean,
            one.forward,
            one.backward,
            one.n_predictions,
            100 * one.unknown_share,
        )
        for readings in both
        for name, one in {
            **{name: text.perplexity for name, text in readings.texts.items()},
            **{f"sample: {name}": one for name, one in readings.samples.perplexities.items()},
        }.items()
    ]
    columns = ["model", "text", "perplexity", "from the left", "from the right", "predictions", "unknown %"]
    number = st.column_config.NumberColumn(format="%.1f")
    frame = pd.DataFrame(rows, columns=columns).dropna(axis=1, how="all")
    st.dataframe(
        frame if len(both) > 1 else frame.drop(columns="model"),
        hide_index=True,
        column_config={name: number for name in columns[2:] if name != "predictions"},
        alt=", ".join(
            f"{name}: perplexity {text.perplexity.mean:.0f} for {readings.model}"
            for readings in both
            for name, text in readings.texts.items()
        ),
    )
    kinds = {"left" in readings.sides for readings in both}
    directions = ", its end (from the right: its start) predicted as well" if True in kinds else ""
    pseudo = (
        " That of a transformer is a pseudo-perplexity: each word is predicted from all others of its "
        "sentence."
        if False in kinds
        else ""
    )
    st.caption(
        f"Each sentence is read on its own{directions}. A short text has a perplexity by chance far from "
        f"that of its kind.{pseudo}",
        help=explain("Perplexity"),
    )
    if len(kinds) > 1:
        pairs = zip(both[0].texts.values(), both[1].texts.values(), strict=True)
        st.caption(compare(*next(pairs)).say_vocabularies())


def show_sentences(both: Sequence[Readings]) -> None:
    """Show the perplexity of each sentence of a longer text; of two models, both."""
    sentences = both[0].texts[LONGER_TEXT].sentences
    found = [perplexity_of([sentence]) for sentence in sentences]
    columns: dict[str, list[float] | list[str] | range] = {
        "sentence": range(1, len(sentences) + 1),
        "perplexity": [one.mean for one in found],
        "from the left": [one.forward for one in found],
        "from the right": [one.backward for one in found],
    }
    for readings in both[1:]:
        others = readings.texts[LONGER_TEXT].sentences
        columns[f"perplexity of {readings.model}"] = [perplexity_of([one]).mean for one in others]
    number = st.column_config.NumberColumn(format="%.1f")
    formats = {name: number for name in columns if name != "sentence"}
    columns["text"] = [" ".join(sentence.tokens) for sentence in sentences]
    st.dataframe(
        pd.DataFrame(columns).dropna(axis=1, how="all"),
        hide_index=True,
        column_config=formats,
        alt=f"Perplexity of {counted(len(sentences), 'sentence')}",
    )


def show_words(both: Sequence[Readings]) -> None:
    """Show a row a word: its bits, its percentiles, and what was expected."""
    frame = word_frame(both)
    number = st.column_config.NumberColumn
    kinds = ("bits", "percentile", "difference")
    formats = {name: number(format="%.1f") for name in frame.columns if name.endswith(kinds)}
    st.dataframe(frame, hide_index=True, column_config=formats, alt="A row a word, as in the coloured text")
    if len(both) > 1:
        st.caption(
            f"Columns that begin with second are those of {escape_markdown(both[1].model)}; a difference is "
            f"its bits minus those of {escape_markdown(both[0].model)}, where both know the word."
        )


def word_frame(both: Sequence[Readings]) -> pd.DataFrame:
    """Return the rows of `elmo read` for one or several texts, with their names where there are several."""
    first, frames = both[0], {}
    for name, read in first.texts.items():
        if len(both) == 1:
            frames[name] = pd.DataFrame(cells(read, first.samples, _N_EXPECTED), columns=list(COLUMNS))
        else:
            pair = compare(read, both[1].texts[name])
            frames[name] = pair_frame(pair, first.samples, both[1].samples)
    if len(frames) == 1:
        return next(iter(frames.values()))
    named = [frame.assign(text=name) for name, frame in frames.items()]
    columns = named[0].columns.tolist()
    return pd.concat(named, ignore_index=True)[["text", *columns[:-1]]]


def pair_frame(pair: PairedReadings, first: SampleSurprise, second: SampleSurprise) -> pd.DataFrame:
    """Return the rows of `elmo read` for two readings beside each other."""
    rows = cells_of(pair_records(pair, first, second, _N_EXPECTED))
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def _expected(sentence: ReadSentence, side: Side, place: int) -> str:
    return escape_markdown(words_on_screen(sentence.expected(side, place, _N_EXPECTED)))
