"""Shards of plain text, compressed or not, read line by line at constant memory."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elmo_core.exceptions import CorpusError, InputError
from elmo_core.pretraining.conllu import conllu_tokens
from elmo_core.text.conllu import detect_conllu
from elmo_core.text.opening import open_text
from elmo_core.text.tokenisation import tokenised_sentences


@dataclass
class CorpusReport:
    """Counts of what was read, replaced or left out of a corpus."""

    lines: int = 0
    skipped_lines: list[str] = field(default_factory=list)
    """`file:line` of each line that is not in the encoding of its file (left out)."""
    empty_shards: list[str] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)
    """One sentence for each file in an encoding that was guessed."""

    def warnings(self) -> list[str]:
        """One sentence for each kind of trouble."""
        found = list(self.guesses)
        if self.skipped_lines:
            where = ", ".join(self.skipped_lines[:3])
            found.append(
                f"{len(self.skipped_lines)} lines are damaged (not in the encoding of their file) and were "
                f"left out, the first at {where}."
            )
        if self.empty_shards:
            found.append(f"{len(self.empty_shards)} files hold no text: {', '.join(self.empty_shards[:3])}.")
        return found


def find_shards(patterns: str | Sequence[str]) -> list[Path]:
    """Files that match one or several glob patterns, sorted.

    Raises:
        CorpusError: nothing matches a pattern.
    """
    shards: set[Path] = set()
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        matches = [Path(name) for name in glob.glob(str(pattern), recursive=True) if Path(name).is_file()]
        if not matches:
            raise CorpusError(
                f"No file matches {pattern!r}; give the path or pattern of one or more text files."
            )
        shards.update(matches)
    return sorted(shards)


def read_lines(shard: Path, report: CorpusReport, *, encoding: str | None = None) -> Iterator[str]:
    """Yield the lines of one shard, blank ones included (they separate documents).

    Args:
        shard: text in any packing (see `text.opening`).
        report: counts are added to it.
        encoding: encoding of the shard, as Python names it; None = find out.

    Raises:
        CorpusError: the file cannot be read, is no text, or is damaged.
    """
    has_text = False
    try:
        with open_text(shard, encoding=encoding) as text:
            n_damaged = 0
            for line in text.lines():
                report.lines += 1
                if text.n_damaged > n_damaged:
                    n_damaged = text.n_damaged
                    report.skipped_lines.append(f"{text.name}:{text.n_lines}")
                    continue
                has_text = has_text or bool(line.strip())
                yield line.strip()
            if guess := text.guess():
                report.guesses.append(f"{text.name}: {guess}")
    except InputError as error:
        raise CorpusError(str(error)) from None
    if not has_text:
        report.empty_shards.append(shard.name)


def read_sentences(
    shard: Path,
    report: CorpusReport,
    *,
    tokenised: bool = False,
    language: str = "en",
    tagged: bool = False,
    encoding: str | None = None,
) -> Iterator[list[str] | None]:
    """Yield the tokens of the sentences of one shard in order; None where a document ends.

    Args:
        shard: plain text, whose documents are separated by blank lines, or CoNLL-U, by its name or content.
        report: counts are added to it.
        tokenised: whether each line is one sentence whose tokens are separated by blanks.
        language: for the tokeniser (see `text.tokenisation.check_language`).
        tagged: whether tokens carry the parts of speech of CoNLL-U (see `text.tagged`).
        encoding: encoding of the shard, as Python names it; None = find out.

    Raises:
        CorpusError: the file cannot be read, is damaged, or has no tags where they are wanted.
    """
    is_conllu, lines = detect_conllu(shard.name, read_lines(shard, report, encoding=encoding))
    if is_conllu:
        yield from conllu_tokens(lines, shard, tagged=tagged)
        return
    if tagged:
        raise CorpusError(f"{shard} has no tags to learn: it is not CoNLL-U, with ten columns of each word.")
    for line in lines:
        if not line:
            yield None
        elif tokenised:
            yield line.split()
        else:
            yield from tokenised_sentences(line, language)
