"""The surprise of words: a text in colour as HTML in which all of it is escaped, and two texts as lines.

The level of a word is its percentile among held-out text. It is shown by a tint, by the line under the word
and by its weight; the number under it is its surprise in bits. A tint is see-through, so that the letters
keep the colour of the page: their contrast is at least 4.5:1 on a white and on a dark page.
"""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.encoders.likelihoods import SIDES, Expected, ReadSentence, Side
from elmo_core.plots.style import PALETTE, SYMBOLS, direction, new_figure, safe
from elmo_core.reading.comparison import PairedReadings
from elmo_core.reading.samples import SampleSurprise
from elmo_core.reading.text import ReadText
from elmo_core.text.characters import SENTENCE_END, SENTENCE_START, UNKNOWN

LEVELS = (75, 90, 97)
"""Percentiles at which a word is tinted, more from one to the next."""
TINTS = (0.14, 0.28, 0.46)
"""Opacity of the tint at each of them."""
COLOUR = (213, 94, 0)
SIDE_NAMES: dict[Side, str] = {"left": "the left", "right": "the right", "both": "both sides"}

_N_SHOWN = 5
_MOST_LABELS = 60
_ON_SCREEN = {UNKNOWN: "(a rare word)", SENTENCE_START: "(start of the sentence)", SENTENCE_END: "(end)"}
_RGB = ",".join(map(str, COLOUR))
_LINES = ("2px dotted", "2px solid", "4px double")
STYLE = (
    ".surprise{position:relative;margin:.2rem 0 .6rem;font-size:1.1rem;line-height:1.3}"
    ".surprise .w{display:inline-block;text-align:center;vertical-align:top;padding:0 2px 1px;margin:0 0 4px;"
    "border-radius:3px;border-bottom:2px solid transparent;cursor:default;max-width:100%;"
    "overflow-wrap:anywhere}"
    ".surprise .w>small{display:block;font-size:.7rem;line-height:1.1;user-select:none;font-weight:400}"
    ".surprise .u{outline:1px dashed currentColor;outline-offset:-1px}"
    ".surprise .w:hover,.surprise .w:focus{outline:2px solid currentColor}"
    ".surprise .tip{display:none;position:absolute;left:0;right:0;top:100%;z-index:9;padding:.5rem .7rem;"
    "background:#1d2b30;color:#fff;border:1px solid #7f8c93;border-radius:6px;font-size:.9rem;"
    "line-height:1.4;text-align:start;font-weight:400}"
    ".surprise .w:hover .tip,.surprise .w:focus .tip{display:block}"
    ".surprise .w:hover .tip{z-index:10}"
) + "".join(
    f".surprise .l{level}{{background:rgba({_RGB},{tint});border-bottom:{line} rgb({_RGB})}}"
    for level, (tint, line) in enumerate(zip(TINTS, _LINES, strict=True), start=1)
) + ".surprise .l3{font-weight:700}"  # fmt: skip
_PAGE = (
    '<!doctype html>\n<html><head><meta charset="utf-8"><title>Surprising words</title>\n'
    '<meta name="color-scheme" content="light dark"><meta name="viewport" content="width=device-width">\n'
    "<style>body{{font:16px/1.5 'Source Sans 3',Helvetica,Arial,sans-serif;max-width:46rem;"
    "margin:2rem auto;padding:0 1rem 9rem}}{style}</style></head><body>\n"
)


def word_on_screen(word: str) -> str:
    """Return a word of the vocabulary as people read it; boundaries and the unknown word get names."""
    return _ON_SCREEN.get(word, word)


def words_on_screen(expected: Sequence[Expected]) -> str:
    """Return expected words with their probabilities in one line."""
    return " · ".join(f"{word_on_screen(word)} {_share(probability)}" for word, probability in expected)


def rank_in_words(percentile: float) -> str:
    """Return what share of the samples' words surprise less, never rounded up."""
    if percentile >= 100:
        return "more than any word of the samples"
    share = math.floor(percentile) if percentile < 99 else math.floor(10 * percentile) / 10
    return f"more than {share}% of words"


def level_of(percentile: float) -> int:
    """Return how strongly a word of this percentile is marked: 0, not at all, to 3."""
    return int(np.searchsorted(LEVELS, percentile, side="right"))


def coloured_sentence(
    read: ReadText, number: int, samples: SampleSurprise, side: Side, *, with_details: bool = True
) -> str:
    """Return one sentence as an HTML paragraph, for a page with `STYLE`.

    Args:
        read: the text.
        number: of the sentence in it.
        samples: what percentiles are taken among.
        side: the surprise that is shown in colour and number.
        with_details: whether a word shows what was expected when it is pointed at or has the focus.
    """
    sentence = read.sentences[number]
    row = SIDES.index(side)
    percentiles = samples.percentiles(sentence.bits)
    parts = []
    for place, (before, spelt) in enumerate(read.spelling(number)):
        is_unknown = bool(sentence.is_unknown[place])
        level = 0 if is_unknown else level_of(percentiles[row, place])
        kind = "w u" if is_unknown else f"w l{level}" if level else "w"
        bits = "?" if is_unknown else f"{sentence.bits[row, place]:.0f}"
        tip = _details(sentence, place, percentiles[:, place]) if with_details else ""
        parts.append(
            f'{html.escape(before)}<span class="{kind}" tabindex="0"><bdi>{html.escape(spelt)}</bdi>'
            f"<small>{bits}</small>{tip}</span>"
        )
    return f'<p class="surprise" dir="{direction(sentence.tokens)}">{"".join(parts)}</p>'


def coloured_page(read: ReadText, samples: SampleSurprise, side: Side) -> Iterator[str]:
    """Yield a page of the coloured text that needs no network, piece by piece."""
    yield _PAGE.format(style=STYLE)
    source = html.escape(samples.origin)
    yield (
        f"<p>Number: bits of surprise from {SIDE_NAMES[side]}. Colour and line: more than "
        f"{', '.join(map(str, LEVELS))}% of {source} surprise less. ?: not in the vocabulary.</p>\n"
    )
    for number in range(len(read.sentences)):
        yield coloured_sentence(read, number, samples, side) + "\n"
    yield "</body></html>\n"


def plot_text(read: ReadText, side: Side) -> go.Figure:
    """Draw the bits of each word of a text as a line.

    Args:
        read: the text.
        side: the surprise that is shown.
    """
    words = [word for sentence in read.sentences for word in sentence.tokens]
    return _plot_bits({"text": [*zip(words, read.bits[SIDES.index(side)].tolist(), strict=True)]}, side)


def plot_comparison(found: PairedReadings, side: Side, names: tuple[str, str]) -> go.Figure:
    """Draw the bits of two readings as lines; the words that stand for each other are in one place.

    Args:
        found: the readings.
        side: the surprise that is shown.
        names: of the two.
    """
    row = SIDES.index(side)
    lines: dict[str, list[tuple[str, float] | None]] = {name: [] for name in names}
    for number, places in enumerate(found.pairs):
        readings = zip(names, (found.first, found.second), places, found.words(number), strict=True)
        for name, read, place, word in readings:
            lines[name].append(None if place is None else (word or "", float(read.bits[row, place])))
    return _plot_bits(lines, side)


def _plot_bits(lines: Mapping[str, Sequence[tuple[str, float] | None]], side: Side) -> go.Figure:
    """Draw words with their bits; None is a place without a word."""
    figure = new_figure(320)
    for number, (name, points) in enumerate(lines.items()):
        figure.add_scatter(
            x=list(range(len(points))),
            y=[None if point is None else point[1] for point in points],
            text=[None if point is None else safe(point[0]) for point in points],
            name=safe(name),
            mode="lines+markers",
            connectgaps=True,
            line={"width": 2, "dash": ("solid", "dot")[number], "color": PALETTE[number]},
            marker={"symbol": SYMBOLS[number], "size": 9, "color": PALETTE[number]},
            hovertemplate="%{text}: %{y:.1f} bits<extra></extra>",
        )
    places = [*zip(*lines.values(), strict=True)]
    labels = [_label([point[0] for point in place if point is not None]) for place in places]
    ticks = range(len(places)) if len(places) <= _MOST_LABELS else ()
    figure.update_xaxes(tickvals=list(ticks), ticktext=labels, tickangle=-45, showgrid=False)
    figure.update_yaxes(title=f"bits from {SIDE_NAMES[side]}", rangemode="tozero")
    figure.update_layout(showlegend=len(lines) > 1, margin={"b": 90})
    return figure


def _label(words: Sequence[str]) -> str:
    return " / ".join(safe(word) for word in dict.fromkeys(words))


def _details(sentence: ReadSentence, place: int, percentiles: np.ndarray) -> str:
    """What is to be known of one word, in a box under its sentence."""
    lines = [
        "<b>Not in the model's vocabulary</b>: the bits are those of any unknown word."
        if sentence.is_unknown[place]
        else f"<b><bdi>{html.escape(sentence.tokens[place])}</bdi></b>"
    ]
    for side in sentence.sides:
        row = SIDES.index(side)
        expected = html.escape(words_on_screen(sentence.expected(side, place, _N_SHOWN)))
        lines.append(
            f"From {SIDE_NAMES[side]}: {sentence.bits[row, place]:.1f} bits, "
            f"{rank_in_words(percentiles[row])}. Expected: {expected}"
        )
    return f'<span class="tip" dir="ltr">{"<br>".join(lines)}</span>'


def _share(probability: float) -> str:
    return f"{probability:.0%}" if probability >= 0.01 else "<1%"
