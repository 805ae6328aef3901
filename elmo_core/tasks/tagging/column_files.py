"""CoNLL in its dialects, and CoNLL-U: a token a line, cells by tabs or blanks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from elmo_core.exceptions import InputError
from elmo_core.tables.records import MAX_CELL, MAX_COLUMNS, Record, Skipped, counted, skip
from elmo_core.tasks.tagging.sentences import RawSentence, TokenFile

_CONLLU = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_DOCUMENT = "-DOCSTART-"
_PREFIX = re.compile(r"[a-z]{2,3}(?:-[a-zA-Z]+)?:(?=.)")
_LINE_END, _BLANKS = re.compile(r"\r\n|\n|\r"), re.compile(r"[ \t]+")
_MOST_UNEVEN = 0.5
"""Share of sentences with uneven lines from which on a file is no column file."""

Block = list[tuple[int, tuple[str, ...], str]]
"""Line, cells and text of each line of a sentence."""


def read_columns(text: str, name: str, encoding: str | None = None) -> TokenFile:
    """Read a column file.

    A sentence with a line of another number of cells is left out, with the number of that line.

    Args:
        text: the characters of the file.
        name: for messages.
        encoding: that it was read with.

    Raises:
        InputError: it holds no sentence, or its lines do not agree on a number of columns.
    """
    lines = _LINE_END.split(text.removeprefix("\ufeff"))  # not splitlines: U+0085 may be in a token
    blocks = list(_blocks(lines, _has_tabs(lines)))
    width, tags = _usual(blocks)
    is_conllu = width == len(_CONLLU) and _looks_like_conllu(blocks)
    sentences: list[RawSentence] = []
    skipped: list[Skipped] = []
    for block in blocks:
        rows = [line for line in block if not _is_comment(line, width, tags, is_conllu)]
        uneven = next((line for line in rows if len(line[1]) != width or not all(line[1])), None)
        if uneven is not None:
            skipped.append(skip(Record(uneven[0], uneven[1]), _reason(uneven[1], width)))
        elif any(len(cell) > MAX_CELL for _, cells, _ in rows for cell in cells):
            skipped.append(Skipped(rows[0][0], f"a cell of more than {MAX_CELL:,} characters", ""))
        elif rows:
            kept = [cells for _, cells, _ in rows if not is_conllu or cells[0].isdigit()]
            sentences.append(RawSentence(rows[0][0], tuple(kept)))
    if not sentences or len(skipped) > _MOST_UNEVEN * (len(skipped) + len(sentences)):
        raise _no_columns(name, width, skipped)
    columns = _CONLLU if is_conllu else _names(width)
    if not is_conllu:
        sentences, notes = _without_prefix(sentences)
    else:
        notes = _left_out_ids(blocks)
    token, tag = ("form", "upos") if is_conllu else (columns[0], columns[-1] if width > 1 else None)
    kind = "CoNLL-U" if is_conllu else "CoNLL"
    return TokenFile(name, kind, columns, tuple(sentences), token, tag, tuple(skipped), notes, encoding)


def _names(width: int) -> tuple[str, ...]:
    """Names for columns that have none."""
    if width > MAX_COLUMNS:
        raise InputError(f"There are {width:,} columns, a file of tokens may have {MAX_COLUMNS:,}.")
    middle = tuple(f"column {number}" for number in range(2, width))
    return ("token", *middle, "tag") if width > 1 else ("token",)


def _has_tabs(lines: Sequence[str]) -> bool:
    """Whether most lines have a tab; otherwise cells are told apart by blanks."""
    filled = [line for line in lines[:2000] if line.strip() and not line.startswith(("# ", _DOCUMENT))]
    return 2 * sum("\t" in line for line in filled) > len(filled)


def _blocks(lines: Sequence[str], has_tabs: bool) -> Iterator[Block]:
    """The lines of each sentence; marks of documents end one and belong to none."""
    block: Block = []
    for number, line in enumerate(lines, start=1):
        is_document = line.startswith(_DOCUMENT)
        if line.strip(" \t") and not is_document:
            cells = line.split("\t") if has_tabs else _BLANKS.split(line.strip(" \t"))
            block.append((number, tuple(cell.strip(" ") for cell in cells), line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _usual(blocks: Sequence[Block]) -> tuple[int, set[str]]:
    """The usual number of cells, and what stands in the last of them."""
    plain = [cells for block in blocks for _, cells, line in block if not line.startswith("#")]
    widths = Counter(map(len, plain))
    width = max(widths, key=lambda one: (widths[one], one)) if widths else 0
    return width, {cells[-1] for cells in plain if len(cells) == width}


def _is_comment(line: tuple[int, tuple[str, ...], str], width: int, tags: set[str], is_conllu: bool) -> bool:
    """Whether a line is a comment: `# ...`, but not the token `#` with its tag."""
    _, cells, text = line
    if not text.startswith("#"):
        return False
    return is_conllu or len(cells) != width or (text.startswith("# ") and cells[-1] not in tags)


def _looks_like_conllu(blocks: Sequence[Block]) -> bool:
    first = [cells[0] for block in blocks[:50] for _, cells, line in block if not line.startswith("#")]
    return all(re.fullmatch(r"\d+(?:[-.]\d+)?", cell) for cell in first)


def _reason(cells: Sequence[str], width: int) -> str:
    if len(cells) == width:
        return "an empty cell"
    return f"{counted(len(cells), 'cell')} where the file has {counted(width, 'column')}"


def _no_columns(name: str, width: int, skipped: Sequence[Skipped]) -> InputError:
    if not skipped:
        return InputError(
            f"{name} holds no sentence; give one token a line and a blank line after each sentence."
        )
    first = skipped[0]
    return InputError(
        f"The lines of {name} do not agree on their columns: most have {width}, line {first.line} has "
        f"{first.reason}; give one token a line, all with as many cells, and a blank one after each sentence."
    )


def _left_out_ids(blocks: Sequence[Block]) -> tuple[str, ...]:
    """What is said of ranges (`1-2`) and empty nodes (`8.1`)."""
    ids = [cells[0] for block in blocks for _, cells, line in block if not line.startswith("#")]
    n = sum(not one.isdigit() for one in ids)
    return (f"Left out {counted(n, 'line')} of ranges (1-2) and empty nodes (8.1).",) if n else ()


def _without_prefix(sentences: Sequence[RawSentence]) -> tuple[list[RawSentence], tuple[str, ...]]:
    """Take a prefix of language (`en:`) off all tokens if nearly all have it."""
    tokens = [row[0] for sentence in sentences for row in sentence.rows]
    prefixes = Counter(match.group() for match in map(_PREFIX.match, tokens) if match)
    if not prefixes or prefixes.total() < 0.95 * len(tokens):
        return list(sentences), ()
    stripped = [
        RawSentence(one.line, tuple((_PREFIX.sub("", row[0], count=1), *row[1:]) for row in one.rows))
        for one in sentences
    ]
    names = ", ".join(prefix.rstrip(":") for prefix, _ in prefixes.most_common(3))
    return stripped, (f"Took the prefix of the language ({names}) off {counted(len(tokens), 'token')}.",)
