"""Tagged sentences of a file: rows of cells first, tokens with their tags once columns are chosen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.schemes import Normalised, Scheme, Span, normalise, spans_of
from elmo_core.tables.corpus import Text
from elmo_core.tables.records import Skipped, counted, shortened
from elmo_core.text.levelling import unify

_LETTER = re.compile(r"((?:[A-Z]-)?)(.*)", re.DOTALL)  # of a scheme, before the label


@dataclass(frozen=True)
class RawSentence:
    """The rows of one sentence, one for each token."""

    line: int
    """Line of the file where it begins, counted from 1."""
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class TokenFile:
    """A file of tokens in columns."""

    name: str
    kind: str
    """"CoNLL", "CoNLL-U", "JSON", "JSONL" or "CSV"."""
    columns: tuple[str, ...]
    sentences: tuple[RawSentence, ...]
    token_column: str
    """A guess, like the next."""
    tag_column: str | None
    """None = there is one column alone, so no tags."""
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    encoding: str | None = None
    reason: str = ""
    """Why these columns were taken, in one sentence."""

    @property
    def skipped_counts(self) -> dict[str, int]:
        """How many sentences or lines were left out for each reason."""
        return dict(Counter(record.reason for record in self.skipped).most_common())

    def index_of(self, name: str) -> int:
        """Where a column is, by its name or its number (`3` and `column 3` are the third).

        Raises:
            InputError: there is no such column.
        """
        if name in self.columns:
            return self.columns.index(name)
        number = re.fullmatch(r"(?:column )?([1-9]\d{0,3})", name)
        if number and int(number[1]) <= len(self.columns):
            return int(number[1]) - 1
        raise InputError(f"{self.name} has no column {name!r}; it has {shortened(self.columns)}.")

    def column(self, name: str) -> list[tuple[str, ...]]:
        """One column, sentence by sentence; errors as `index_of`."""
        index = self.index_of(name)
        return [tuple(row[index] for row in sentence.rows) for sentence in self.sentences]


@dataclass(frozen=True)
class TaggedSentences:
    """Sentences with their tags, spans in BIO."""

    name: str
    tokens: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    """Line where each sentence begins in its file."""
    scheme: Scheme
    """Scheme in which the tags were written."""
    notes: tuple[str, ...] = ()
    """What was guessed or skipped, one sentence each."""

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_spans(self) -> bool:
        """Whether tags are of spans; otherwise each token has a class of its own."""
        return self.scheme != "plain"

    @property
    def scheme_without_letters(self) -> Scheme | None:
        """The scheme where no letters show it, so that a second file must be told; otherwise None."""
        return self.scheme if self.scheme in ("plain", "IO") else None

    @property
    def label_counts(self) -> dict[str, int]:
        """How many spans (or tokens) there are of each label."""
        if self.is_spans:
            return dict(Counter(span.label for tags in self.tags for span in spans_of(tags)).most_common())
        return dict(Counter(tag for tags in self.tags for tag in tags).most_common())

    def spans(self, index: int) -> list[Span]:
        """The spans of a sentence."""
        return spans_of(self.tags[index])

    def take(self, rows: Sequence[int]) -> TaggedSentences:
        """Some of the sentences."""
        tokens, tags = (tuple(values[int(row)] for row in rows) for values in (self.tokens, self.tags))
        lines = tuple(self.lines[int(row)] for row in rows)
        return TaggedSentences(self.name, tokens, tags, lines, self.scheme, self.notes)


def tagged_sentences(
    file: TokenFile,
    token_column: str | None = None,
    tag_column: str | None = None,
    scheme: Scheme | None = None,
) -> TaggedSentences:
    """Take the tokens and tags of a file.

    Whatever is guessed, converted or repaired on the way is said in the notes.

    Args:
        file: see `read_token_file`.
        token_column: None = the guess.
        tag_column: None = the guess.
        scheme: that the tags are written in; None = find out.

    Raises:
        InputError: there is no such column, both are the same, the column of tags looks like words, or the
            tags are not in that scheme.
    """
    tag_column = tag_column or file.tag_column
    token_column = token_column or file.token_column
    if tag_column is None:
        raise InputError(
            f"{file.name} has a single column, so there are no tags; give each line a token and a tag."
        )
    if file.index_of(tag_column) == file.index_of(token_column):
        raise InputError(f"Tokens and tags are both {tag_column!r}; choose two columns.")
    tokens, (tags, respelt) = file.column(token_column), _unify(file.column(tag_column))
    _check_tags(file, tags, tag_column)
    found = normalise(tags, scheme)
    notes = [*file.notes, *_notes_on_tags(found)]
    if respelt:
        notes.append(f"{shortened(respelt)}: spelt in different ways that look the same; each is one tag.")
    lines = tuple(sentence.line for sentence in file.sentences)
    return TaggedSentences(file.name, tuple(tokens), found.tags, lines, found.scheme, tuple(notes))


def notes_on_test(learned: TaggedSentences, tested: TaggedSentences) -> list[str]:
    """What is said of sentences to test on that come from a file of their own.

    Raises:
        InputError: none of their tags is learned, or the tags of one file alone mark spans.
    """
    known, asked = learned.label_counts.keys(), tested.label_counts.keys()
    if asked and learned.is_spans != tested.is_spans:
        spans, others = (learned, tested) if learned.is_spans else (tested, learned)
        raise InputError(
            f"The tags of {spans.name} mark spans and those of {others.name} do not; choose the columns that "
            "hold the same kind of tags."
        )
    if asked and not known & asked:
        raise InputError(
            f"No tag of {tested.name} ({shortened(sorted(asked))}) is one of {learned.name} "
            f"({shortened(sorted(known))}); choose the columns that hold the same kind of tags."
        )
    seen = set(learned.tokens)
    n = sum(tokens in seen for tokens in tested.tokens)
    if not n:
        return []
    verb = "is" if n == 1 else "are"
    return [
        f"{n:,} of the {counted(len(tested), 'sentence')} to test on {verb} learned from as well, so scores "
        "are better than on new sentences; test on others."
    ]


def _notes_on_tags(found: Normalised) -> list[str]:
    """What is said of the way in which tags were read."""
    notes = []
    if found.notation.separator != "-" or not found.notation.letter_first:
        notes.append(f"Read tags written as {found.notation.example}.")
    if not found.notation.separator:
        notes.append("The tags name no type, so all spans are of one.")
    if found.notation.outside.casefold() != "o":
        notes.append(f"Read the tag {shortened([found.notation.outside])!r} as O, outside all spans.")
    if found.odd:
        notes.append(f"Some tags are written unlike the others: {shortened(found.odd)}.")
    if found.n_repaired:
        notes.append(
            f"Read {counted(found.n_repaired, 'tag')} that {found.scheme} does not allow there as conlleval "
            "does: a span begins where the label changes."
        )
    if found.scheme not in ("BIO", "plain"):
        notes.append(f"Converted {found.scheme} to BIO.")
    return notes


def _unify(tags: list[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], list[str]]:
    """Tags with one spelling each, sentence by sentence, and those that had several."""
    parts = [_LETTER.match(tag).groups() for own in tags for tag in own]  # type: ignore[union-attr]
    unified, respelt = unify([label for _, label in parts])
    flat = iter(f"{letter}{label}" for (letter, _), label in zip(parts, unified, strict=True))
    return [tuple(next(flat) for _ in own) for own in tags], respelt


def _check_tags(file: TokenFile, tags: Sequence[Sequence[str]], column: str) -> None:
    """Raise InputError where a token has no tag, or where the column holds words."""
    for sentence, own in zip(file.sentences, tags, strict=True):
        if "" in own:
            line = sentence.line + own.index("")
            raise InputError(
                f"Near line {line} of {file.name}, column {column!r} is empty; every token needs a tag."
            )
    n_tokens, n_distinct = sum(map(len, tags)), len({tag for own in tags for tag in own})
    if n_distinct > 20 and n_distinct > n_tokens / 5:
        raise InputError(
            f"Column {column!r} of {file.name} has {n_distinct:,} different values for {n_tokens:,} tokens, "
            "so it holds words, not tags; choose another column."
        )
    if n_distinct < 2:
        only = next(iter(tags[0]), "") if tags else ""
        raise InputError(
            f"Column {column!r} of {file.name} says {only!r} of every token; there is nothing to learn."
        )


def as_text(file: TokenFile) -> Text:
    """Return the sentences of a file of tokens as a text to explore: its tokens, joined by blanks."""
    return Text(tuple(" ".join(tokens) for tokens in file.column(file.token_column)))


def split_sentences(
    data: TaggedSentences, test_share: float, seed: int
) -> tuple[TaggedSentences, TaggedSentences]:
    """Sentences to learn from and, chosen at random, a share to test on.

    Raises:
        InputError: there are fewer than two sentences.
    """
    n = len(data)
    if n < 2:
        raise InputError(
            f"{data.name} has {counted(n, 'sentence')}; at least two are needed, one to test on."
        )
    order = np.random.default_rng(seed).permutation(n)
    n_test = min(n - 1, max(1, round(test_share * n)))
    return data.take(sorted(order[n_test:].tolist())), data.take(sorted(order[:n_test].tolist()))
