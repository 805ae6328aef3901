"""The text of a run: one sentence or paragraph a line, with lines of it held out to measure on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import regex

from elmo_core.exceptions import InputError
from elmo_core.progress import Progress
from elmo_core.runs.folder import HELD_OUT, TRAIN, About
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.conllu import detect_conllu
from elmo_core.text.opening import open_text, read_text, split_lines
from elmo_core.text.tokenisation import split_sentences

EVERY = 20
"""One line of so many is held out."""
MOST_HELD_OUT = 2_000
"""Lines; the rest of a long text is all trained on."""
LEAST_SENTENCES = 40

_ARE_LINES = 200  # lines from which a text is taken to have a sentence or paragraph in each
_REPORTED = 1_000  # lines
_WORDS = regex.compile(r"\p{Han}|[^\s\p{Han}]+")
_SAMPLES = (("senses.csv", "sentence"), ("topics.csv", "text"), ("reviews.csv", "text"))


@dataclass(frozen=True)
class TextPart:
    """A piece of the text of a run."""

    name: str
    """For messages."""
    content: str | bytes | Path
    """The text itself, the bytes of a file in any packing and encoding, or the path of one."""

    def lines(self) -> Iterator[str]:
        """Yield its lines, blank ones included.

        Raises:
            InputError: it is missing, damaged, no text, or CoNLL-U, which is no running text.
        """
        is_conllu, lines = detect_conllu(self.name, self._raw_lines())
        if is_conllu:
            raise InputError(
                f"{self.name} is CoNLL-U; `elmo pretrain` on the command line reads it, here give plain text."
            )
        yield from lines

    def _raw_lines(self) -> Iterator[str]:
        if isinstance(self.content, str):
            yield from split_lines(self.content)
        elif isinstance(self.content, bytes):
            yield from split_lines(read_text(self.content, self.name).text)
        else:
            with open_text(self.content) as text:
                yield from text.lines()


def sample_text() -> TextPart:
    """Return the text of all bundled samples: about 1,000 sentences and short notes."""
    lines = [
        sentence
        for file, column in _SAMPLES
        for sentence in read_column(read_table_file(shipped(f"data/samples/{file}")), column).sentences
    ]
    return TextPart("the bundled sample", "\n".join(lines))


def words_of(line: str) -> list[str]:
    """About the words of a line: what stands between blanks; each Chinese character, as in the tokeniser."""
    return line.split() if line.isascii() else _WORDS.findall(line)


@cache
def sample_senses() -> dict[str, tuple[str, str]]:
    """Return the word that each bundled sentence was written for, and the sense that it has there."""
    text = read_column(read_table_file(shipped("data/samples/senses.csv")), "sentence", "sense", "word")
    known = zip(text.sentences, text.words, text.labels, strict=True)
    return {sentence: (word or "", sense or "") for sentence, word, sense in known}


def write_texts(
    folder: Path, parts: Iterable[TextPart], about: About, progress: Progress | None = None
) -> About:
    """Write the text to train on, and the one that is held out.

    Args:
        folder: of the run.
        parts: the text, read in constant memory where they are files.
        about: of the run; gives the language.
        progress: called with the lines that are written, every 1,000 and at the end; an error that it raises
            stops the writing.

    Returns:
        The same with the lines and words to train on.

    Raises:
        InputError: a part cannot be read, or there are fewer than `LEAST_SENTENCES` sentences in all.
        OSError: the disk refuses.
    """
    (folder / TRAIN).parent.mkdir(exist_ok=True)
    n_lines = n_held_out = n_words = 0
    with ExitStack() as stack:
        train, held_out = (
            stack.enter_context((folder / name).open("w", encoding="utf-8", newline="\n"))
            for name in (TRAIN, HELD_OUT)
        )
        for number, line in enumerate(_sentences_or_lines(parts, about.language), 1):
            if progress and number % _REPORTED == 0:
                progress(number, number)
            line = line.encode("utf-8", "ignore").decode("utf-8").strip()
            if line and (n_lines + n_held_out) % EVERY == EVERY - 1 and n_held_out < MOST_HELD_OUT:
                held_out.write(f"{line}\n")
                n_held_out += 1
                continue
            train.write(f"{line}\n")
            n_lines += bool(line)
            n_words += len(words_of(line))
    if n_lines + n_held_out < LEAST_SENTENCES:
        raise InputError(
            f"The text has {n_lines + n_held_out} sentences; at least {LEAST_SENTENCES} are needed, and many "
            "thousands to learn much from."
        )
    if progress:
        progress(number, number)
    return replace(about, n_lines=n_lines, n_words=n_words)


def _sentences_or_lines(parts: Iterable[TextPart], language: str) -> Iterator[str]:
    """The lines of all parts, with a blank one between two; of few lines, the sentences in them."""
    lines = itertools.chain.from_iterable(map(_with_end, parts))
    head: list[str] = []
    n_filled = 0
    for line in lines:
        head.append(line)
        n_filled += bool(line.strip())
        if n_filled >= _ARE_LINES:
            yield from itertools.chain(head, lines)
            return
    for line in head:
        yield from split_sentences(line, language) or [""]


def _with_end(part: TextPart) -> Iterator[str]:
    yield from part.lines()
    yield ""
