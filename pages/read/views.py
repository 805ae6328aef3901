"""What is seen of a text that was read: the words in colour, the most surprising one, and the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from elmo_core.glossary import explain
from elmo_core.plots.style import percent
from elmo_core.plots.surprise import (
    LEVELS,
    SIDE_NAMES,
    STYLE,
    coloured_sentence,
    level_of,
    plot_texts,
    rank_in_words,
    words_on_screen,
)
from elmo_core.pretraining.evaluation import MOST_UNKNOWN
from elmo_core.reading.rows import COLUMNS, cells
from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.surprise import SIDES, ReadSentence, Side
from elmo_core.reading.text import ReadText, perplexity_of
from elmo_core.tables.records import counted
from pages.common.markdown import escape_markdown

_N_EXPECTED = 5
_MOST_COLOURED = 40
_IN_ORDER, _BY_SURPRISE = "In the order of the text", "The most surprising first"


def choose_side() -> Side:
    """Let the visitor choose what was read before a word was predicted."""
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


def show_longer_text(page: str, read: ReadText, samples: SampleSurprise, side: Side) -> None:
    """Show a part of a longer text in colour, in its order or with the most surprising sentences first."""
    n = len(read.sentences)
    order = list(range(n))
    with st.container(horizontal=True, vertical_alignment="bottom"):
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
    show_text(read, samples, side, order[first * _MOST_COLOURED : (first + 1) * _MOST_COLOURED])


def explain_colours(samples: SampleSurprise) -> None:
    """Say what numbers, colours and lines mean."""
    low, middle, high = LEVELS
    st.caption(
        "The number under a word is its surprise in bits. Dotted, solid and double lines with growing "
        f"colour: more than {low}%, {middle}% and {high}% of words surprise less, among "
        f"{samples.origin}. A dashed box with ? is a word outside the model's vocabulary. "
        "Point at a word, or click it, to see what was expected.",
        help=explain("Surprise", "Bit", "Perplexity"),
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


def show_bits(page: str, texts: Sequence[ReadText], side: Side) -> None:
    """Show the bits of one text or two word by word."""
    figure = plot_texts(texts, side)
    st.plotly_chart(
        figure, key=f"{page}_bits", config={"displayModeBar": False}, alt="Bits of each word, as in the table"
    )


def show_perplexities(texts: Mapping[str, ReadText], samples: SampleSurprise) -> None:
    """Show the perplexity of texts beside those of the samples."""
    found = {name: text.perplexity for name, text in texts.items()}
    known = {f"sample: {name}": one for name, one in samples.perplexities.items()}
    rows = [
        (name, one.mean, one.forward, one.backward, one.n_predictions, 100 * one.unknown_share)
        for name, one in {**found, **known}.items()
    ]
    columns = ("text", "perplexity", "from the left", "from the right", "predictions", "unknown %")
    number = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        pd.DataFrame(rows, columns=list(columns)),
        hide_index=True,
        column_config={name: number for name in columns if name not in ("text", "predictions")},
        alt=", ".join(f"{name}: perplexity {one.mean:.0f}" for name, one in found.items()),
    )
    st.caption(
        "Each sentence is read on its own, its end (from the right: its start) predicted as well. A short "
        "text has a perplexity by chance far from that of its kind.",
        help=explain("Perplexity"),
    )


def show_sentences(read: ReadText) -> None:
    """Show the perplexity of each sentence of a text."""
    rows = []
    for number, sentence in enumerate(read.sentences, start=1):
        one = perplexity_of([sentence])
        rows.append((number, one.mean, one.forward, one.backward, " ".join(sentence.tokens)))
    frame = pd.DataFrame(rows, columns=["sentence", "perplexity", "from the left", "from the right", "text"])
    number_format = st.column_config.NumberColumn(format="%.1f")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={name: number_format for name in frame.columns[1:4]},
        alt=f"Perplexity of {counted(len(rows), 'sentence')}",
    )


def show_words(texts: Mapping[str, ReadText], samples: SampleSurprise) -> None:
    """Show a row a word: its bits, its percentiles, and what was expected."""
    frame = word_frame(texts, samples)
    number = st.column_config.NumberColumn
    formats = {name: number(format="%.1f") for name in frame.columns if name.endswith(("bits", "percentile"))}
    st.dataframe(frame, hide_index=True, column_config=formats, alt="A row a word, as in the coloured text")


def word_frame(texts: Mapping[str, ReadText], samples: SampleSurprise) -> pd.DataFrame:
    """Return the rows of `elmo read` for one or several texts, with their names where there are several."""
    frames = [
        pd.DataFrame(cells(read, samples, _N_EXPECTED), columns=list(COLUMNS)) for read in texts.values()
    ]
    if len(frames) == 1:
        return frames[0]
    return pd.concat(
        [frame.assign(text=name) for name, frame in zip(texts, frames, strict=True)], ignore_index=True
    )[["text", *COLUMNS]]


def _expected(sentence: ReadSentence, side: Side, place: int) -> str:
    return escape_markdown(words_on_screen(sentence.expected(side, place, _N_EXPECTED)))
