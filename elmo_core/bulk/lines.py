"""Sentences of text files of any size, one a line, with how far the reading is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elmo_core.exceptions import InputError
from elmo_core.pretraining.conllu import conllu_tokens
from elmo_core.text.conllu import detect_conllu
from elmo_core.text.opening import OpenedText, open_text
from elmo_core.text.unpacking import STANDARD_INPUT


@dataclass
class LineReader:
    """Iterates once over the lines of all files, which are numbered through."""

    files: Sequence[Path]
    """Text, one sentence a line, or CoNLL-U, in any encoding and packing (see `text.opening`)."""
    tokenised: bool = False
    """Whether tokens are separated by blanks; otherwise a line is text to tokenise."""
    language: str = "en"
    """Language of the text, for the tokeniser."""
    encoding: str | None = None
    """Encoding of all files, as Python names it; None = find out for each."""
    share: float = 0.0
    """Part of all bytes that has been read; 0 for a stream, until its end."""
    remarks: list[str] = field(default_factory=list)
    """What was guessed or replaced in the files that were read, one sentence each."""

    def __iter__(self) -> Iterator[str | list[str]]:
        """Yield every line, blank ones too; of CoNLL-U the word forms of every sentence.

        Raises:
            InputError: a file is missing, damaged or no text, or a line is no sentence by its length.
            CorpusError: a file is not the CoNLL-U that it claims to be.
        """
        sizes = [_size(file) for file in self.files]
        before, total = 0, max(1, sum(sizes))
        for file, size in zip(self.files, sizes, strict=True):
            with open_text(file, encoding=self.encoding) as text:
                for sentence in self._sentences(text, file):
                    self.share = (before + text.share * size) / total
                    yield sentence
                self.remarks += [f"{text.name}: {remark}" for remark in text.remarks()]
            before += size
        self.share = 1.0

    def _sentences(self, text: OpenedText, file: Path) -> Iterator[str | list[str]]:
        is_conllu, lines = detect_conllu(text.name, map(str.strip, text.lines()))
        if is_conllu:
            return filter(None, conllu_tokens(lines, file, tagged=False))
        return map(str.split, lines) if self.tokenised else lines


def is_stream(file: Path) -> bool:
    """Whether a path is standard input or a pipe, which can be read once and has no size."""
    return file == STANDARD_INPUT or file.is_fifo() or file.is_char_device()


def require_file(file: Path) -> None:
    """Raise InputError where there is no file."""
    if file.is_dir():
        raise InputError(f"{file} is a folder; give a file in it.")
    if not file.is_file():
        raise InputError(f"There is no file {file}; check the path.")


def _size(file: Path) -> int:
    if is_stream(file):
        return 0
    require_file(file)
    return file.stat().st_size
