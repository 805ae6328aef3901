"""Tags with probabilities for any number of sentences, a block at a time, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from elmo_core.learning.failures import require_fitted
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.decoding import emitted
from elmo_core.learning.tags.schemes import Span, spans_of
from elmo_core.learning.tags.token_data import TokenData, embed_tokens
from elmo_core.progress import Report

_SENTENCES_PER_BLOCK = 256


@dataclass(frozen=True)
class FoundSpan:
    """A span, or a token with its class, and how sure the tagger is of it."""

    span: Span
    probability: float
    """Probability of exactly this span with this label, summed over all paths of the CRF."""


@dataclass(frozen=True)
class TaggedSentence:
    """The predicted tags of one sentence."""

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    """Tags in BIO, or plain."""
    found: tuple[FoundSpan, ...]
    """Its spans in order; of plain tags, its tokens."""


def as_tagged(tokens: Sequence[str], tags: Sequence[str], *, is_spans: bool) -> TaggedSentence:
    """Tags that are given, such as gold ones, in the form of those that are found."""
    found = tuple(FoundSpan(span, 1.0) for span in _spans(tags, is_spans))
    return TaggedSentence(tuple(tokens), tuple(tags), found)


def _spans(tags: Sequence[str], is_spans: bool) -> list[Span]:
    """Spans, or the tokens of plain tags."""
    return spans_of(tags) if is_spans else [Span(at, at + 1, tag) for at, tag in enumerate(tags)]


def tag_stream(
    tagger: ElmoTagger, sentences: Iterable[Sequence[str]], *, tick: Callable[[], None] | None = None
) -> Iterator[TaggedSentence]:
    """Tag sentences in order, as they come.

    Args:
        tagger: fitted.
        sentences: lists of tokens, of any number.
        tick: called while a block is read; an error it raises stops the work.

    Raises:
        NotFittedError: the tagger is not fitted.
        InputError: an item is no list of tokens.
    """
    require_fitted(tagger, "head_")
    elmo = tagger.elmo_ if tagger.head_.chosen else None
    report: Report | None = None if tick is None else lambda doing, share: tick()
    rest = iter(sentences)
    while block := list(islice(rest, _SENTENCES_PER_BLOCK)):
        yield from tag_data(tagger, embed_tokens(elmo, block, report=report))


def tag_data(tagger: ElmoTagger, data: TokenData) -> list[TaggedSentence]:
    """Tag sentences whose layers are there; errors as `tag_stream`."""
    require_fitted(tagger, "head_")
    head = tagger.head_
    tagged = [TaggedSentence(words, (), ()) for words in data.words]
    rows = np.flatnonzero(data.lengths)
    for numbers, emissions, mask in emitted(head, data.take(rows)) if len(rows) else ():
        precise = emissions.double()
        posterior = head.crf.posterior(precise, mask)
        for at, (number, path) in enumerate(zip(numbers, head.crf.best_paths(precise, mask), strict=True)):
            tags = head.tags.decode(path)
            found = tuple(
                FoundSpan(span, posterior.segment(at, span.start, path[span.start : span.end]))
                for span in _spans(tags, head.tags.is_spans)
            )
            row = int(rows[number])
            tagged[row] = TaggedSentence(data.words[row], tuple(tags), found)
    return tagged
