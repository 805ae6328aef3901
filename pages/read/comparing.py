"""Two readings beside each other on Read: two models of one text, or two texts of one model."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from elmo_core.encoders.likelihoods import SIDES, Side
from elmo_core.plots.surprise import SIDE_NAMES, plot_comparison, plot_text
from elmo_core.reading.comparison import PairedReadings, compare
from pages.common.markdown import escape_markdown
from pages.read.texts import FIRST, SECOND
from pages.read.work import Readings

_N_SAID = 3
_ALT = "Bits of each word, as in the table"
_NO_BUTTONS = {"displayModeBar": False}


def show_models(page: str, both: Sequence[Readings], side: Side, *, has_figures: bool) -> None:
    """Show where two models differ, text by text.

    Args:
        page: prefix of the keys of all widgets.
        both: the texts as either model reads them.
        side: the surprise that is shown.
        has_figures: whether the bits are drawn word by word too.
    """
    first, second = both
    names = (first.model, second.model)
    for place, name in zip(st.columns(len(first.texts), gap="large"), first.texts, strict=True):
        pair = compare(first.texts[name], second.texts[name])
        with place:
            _say_differences(
                pair, f"{escape_markdown(first.model)} and {escape_markdown(second.model)}", side
            )
            if has_figures:
                figure = plot_comparison(pair, side, names)
                st.plotly_chart(figure, key=f"{page}_{name}_models", config=_NO_BUTTONS, alt=_ALT)
            _show_pairs(pair, names, side)
            if said := pair.say_vocabularies():
                st.caption(said)


def show_texts(page: str, readings: Readings, side: Side) -> None:
    """Show the bits of one text or two, word by word, and where two differ."""
    if len(readings.texts) == 1:
        (read,) = readings.texts.values()
        st.plotly_chart(plot_text(read, side), key=f"{page}_bits", config=_NO_BUTTONS, alt=_ALT)
        return
    pair, names = compare(readings.texts[FIRST], readings.texts[SECOND]), (FIRST, SECOND)
    figure = plot_comparison(pair, side, names)
    st.plotly_chart(figure, key=f"{page}_bits", config=_NO_BUTTONS, alt=_ALT)
    _say_differences(pair, "the two texts", side)
    _show_pairs(pair, names, side)


def _say_differences(pair: PairedReadings, both: str, side: Side) -> None:
    """Say at which words the two readings differ most."""
    row, said = SIDES.index(side), []
    for number in pair.most_different(side)[:_N_SAID]:
        here, there = pair.pairs[number]
        bits = f"{pair.first.bits[row, here]:.1f} and {pair.second.bits[row, there]:.1f} bits"
        said.append(f"**{escape_markdown(_spelt(pair, number))}** ({bits})")
    if said:
        st.markdown(
            f"From {SIDE_NAMES[side]}, {both} differ most at {', '.join(said)}.",
            help="Words outside the vocabulary of a model are left out: their bits are those of any unknown "
            "word.",
        )
    else:
        st.markdown("No word is in the vocabulary on both sides, so there is nothing to compare.")


def _show_pairs(pair: PairedReadings, names: tuple[str, str], side: Side) -> None:
    """Show the bits of both readings as columns, the words that differ most first."""
    row, order = SIDES.index(side), pair.most_different(side)
    differences = pair.differences(side).round(1) + 0.0  # no -0.0
    rest = sorted(set(range(len(pair.pairs))) - set(order))
    rows = [
        (
            _spelt(pair, number),
            *(
                None if place is None else float(read.bits[row, place])
                for read, place in zip((pair.first, pair.second), pair.pairs[number], strict=True)
            ),
            differences[number],
        )
        for number in (*order, *rest)
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["word", *names, "difference"]),
        hide_index=True,
        column_config={
            **{name: st.column_config.NumberColumn(format="%.1f") for name in names},
            "difference": st.column_config.NumberColumn(
                format="%+.1f",
                help="Bits of the second minus those of the first; None where a word stands alone or is "
                "outside the vocabulary of a model.",
            ),
        },
        alt="Bits of both for each word, the words that differ most first",
    )


def _spelt(pair: PairedReadings, number: int) -> str:
    return " / ".join(dict.fromkeys(word for word in pair.words(number) if word is not None))
