"""CoNLL in its dialects, CoNLL-U and CoNLL-U Plus: a token a line, cells by tabs or blanks.

Every line is in a sentence, is a comment, or makes its sentence one that is left out with that line and a
reason. What is repaired or left out is counted in the notes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.brackets import bio_of_brackets, is_bracketed
from elmo_core.learning.tags.column_choice import is_header, is_rising
from elmo_core.learning.tags.notation import Notation, likely_notations
from elmo_core.learning.tags.sentences import TokenFile
from elmo_core.learning.tags.token_rows import Row, make_token_file
from elmo_core.tables.records import Record, Skipped, counted, skip, unique_names
from elmo_core.text.conllu import COLUMNS as CONLLU_COLUMNS
from elmo_core.text.conllu import is_between, is_id
from elmo_core.text.encodings import Decoded
from elmo_core.text.opening import split_lines

_DOCUMENT = "-DOCSTART-"
_GLOBAL_COLUMNS = re.compile(r"#\s*global\.columns\s*=\s*(.+)")
_PREFIX = re.compile(r"[a-z]{2,3}(?:-[a-zA-Z]+)?:(?=.)")
_BLANKS, _TABS = re.compile(r"[ \t]+"), re.compile(r"\t+")
_WIDE_BLANKS = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
_MARKUP = re.compile(r"</?(?:s|p|doc|text|head|item|list|div|sentence|corpus|chapter|page)(?:\s[^<>]*)?/?>")
"""Lines of structure in vertical files (Sketch Engine, CWB): they end a sentence."""
_INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
_LOOKED_AT = 2_000
"""Lines."""
_MOST_UNEVEN = 0.5
"""Share of sentences with uneven lines from which on a file is no column file."""
_USUAL_SHARE, _LEAST_WIDE = 0.8, 12
"""Wide files in which fewer sentences have the usual number of cells have as many more as predicates."""

Splitter = Callable[[str], list[str]]
_SPLITTERS: tuple[Splitter, ...] = (
    lambda line: [cell.strip(" ") for cell in line.split("\t")],
    lambda line: [cell.strip(" ") for cell in _TABS.split(line.strip(" \t"))],
    lambda line: _BLANKS.split(line.strip(" \t")),
    lambda line: _WIDE_BLANKS.split(line.strip()),
)


@dataclass(frozen=True)
class _Line:
    number: int
    cells: tuple[str, ...]
    text: str


Block = list[_Line]
"""Lines without a blank one between them."""


@dataclass(frozen=True)
class _Layout:
    """The format that most lines agree on."""

    splitter: Splitter
    width: int
    classes: int
    """The first or the last column, whichever has fewer values."""
    values: frozenset[str]
    """Values in that column."""
    notations: tuple[Notation, ...]
    """Notations of its tags, if it holds tags."""
    is_conllu: bool = False

    def is_comment(self, line: _Line) -> bool:
        """Whether a line is a comment: `# ...`, but not the token `#` with its tag."""
        if not line.text.startswith("#"):
            return False
        is_row = len(line.cells) == self.width
        return self.is_conllu or not is_row or (line.text.startswith("# ") and not self.is_usual(line.cells))

    def is_usual(self, cells: Sequence[str]) -> bool:
        """Whether the column with fewer values has a known one, or a tag."""
        value = cells[self.classes]
        return value in self.values or any(notation.read(value) for notation in self.notations)

    def redivided(self, line: _Line) -> _Line | None:
        """A line of another number of cells, divided as other lines are not; None = that does not help."""
        for splitter in _SPLITTERS:
            cells = tuple(splitter(line.text))
            if len(cells) == self.width and all(cells) and self.is_usual(cells):
                return replace(line, cells=cells)
        return None


def read_columns(decoded: Decoded, name: str) -> TokenFile:
    """Read a column file.

    Args:
        decoded: the characters of the file.
        name: for messages.

    Raises:
        InputError: it holds no sentence, or its lines do not agree on a number of columns.
    """
    lines = split_lines(decoded.text)
    blocks, layout = _find_layout(lines)
    given = _global_columns(lines, layout.width)
    layout = replace(layout, is_conllu=given is not None or _looks_like_conllu(blocks, layout.width))
    notes = list(decoded.remarks())
    rows: list[list[Row]] = []
    skipped: list[Skipped] = []
    cut, widest = _narrowest(blocks, layout)
    if cut:
        notes.append(f"Sentences have {cut} to {widest} columns; the first {cut} are read.")
        layout = replace(layout, width=cut)
    n_redivided = 0
    for block in blocks:
        own = [line for line in block if not layout.is_comment(line)]
        wide = {len(line.cells) for line in own}
        if cut and len(wide) == 1 and wide.pop() > cut:
            own = [replace(line, cells=line.cells[:cut]) for line in own]
        mended = [one if len(one.cells) == layout.width else layout.redivided(one) for one in own]
        fault = next((line for line, new in zip(own, mended, strict=True) if new is None), None)
        if fault is not None:
            reason = (
                f"{counted(len(fault.cells), 'cell')} where the file has {counted(layout.width, 'column')}"
            )
            skipped.append(skip(Record(fault.number, fault.cells), reason))
        elif own:
            n_redivided += sum(new is not old for new, old in zip(mended, own, strict=True))
            rows.append([(line.number, line.cells) for line in mended if line is not None])
    if not rows or len(skipped) > _MOST_UNEVEN * (len(skipped) + len(rows)):
        raise _no_columns(name, layout.width, skipped)
    if n_redivided:
        notes.append(
            f"{counted(n_redivided, 'line')} with cells divided unlike the others were read all the same."
        )
    columns = given or (CONLLU_COLUMNS if layout.is_conllu else _header(rows))
    if columns and "id" in columns:
        rows = _with_sound_ids(rows, columns.index("id"), skipped)
    rows = _without_ranges(rows, notes)
    columns, rows = _without_empty(columns, rows)
    rows = _without_brackets(rows, skipped, notes)
    if not layout.is_conllu:
        rows = _without_prefix(rows, notes)
    kind = "CoNLL-U Plus" if given else "CoNLL-U" if layout.is_conllu else "CoNLL"
    return make_token_file(name, kind, columns, rows, skipped=skipped, notes=notes, encoding=decoded.encoding)


def _find_layout(lines: Sequence[str]) -> tuple[list[Block], _Layout]:
    """The way to divide lines by which most have the same number of cells, and what comes of it."""
    sample = [
        line
        for line in lines[: 2 * _LOOKED_AT]
        if line.strip() and not line.startswith(("# ", _DOCUMENT, "#begin ", "#end ")) and not _is_edge(line)
    ][:_LOOKED_AT]

    def n_alike(splitter: Splitter) -> int:
        widths = Counter(len(splitter(line)) for line in sample)
        return max((n for width, n in widths.items() if width > 1), default=0)

    splitter = max(_SPLITTERS, key=n_alike)
    blocks = list(_blocks(lines, splitter))
    plain = [line.cells for block in blocks for line in block if not line.text.startswith("#")]
    widths = Counter(map(len, plain))
    width = max(widths, key=lambda one: (widths[one], one)) if widths else 0
    usual = [cells for cells in plain if len(cells) == width]
    first, last = ({cells[index] for cells in usual} for index in (0, -1)) if width else (set(), set())
    is_first = len(first) < len(last) / 2
    classes = 0 if is_first else -1
    counts = Counter(cells[classes] for cells in usual) if width else Counter[str]()
    return blocks, _Layout(splitter, width, classes, frozenset(counts), tuple(likely_notations(counts)))


def _blocks(lines: Sequence[str], splitter: Splitter) -> Iterator[Block]:
    """The lines between blank ones; marks of documents end a block and belong to none."""
    block: Block = []
    for number, line in enumerate(lines, start=1):
        if line.strip().strip(_INVISIBLE) and not _is_edge(line):
            block.append(_Line(number, tuple(splitter(line)), line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _is_edge(line: str) -> bool:
    """Whether a line is a mark of structure and no token."""
    return line.startswith(_DOCUMENT) or (line.startswith("<") and bool(_MARKUP.fullmatch(line.strip())))


def _global_columns(lines: Sequence[str], width: int) -> tuple[str, ...] | None:
    """The names that a file in CoNLL-U Plus gives its columns."""
    found = next((match for line in lines[:100] if (match := _GLOBAL_COLUMNS.match(line))), None)
    names = unique_names(found[1].lower().split()) if found else ()
    return names if len(names) == width else None


def _looks_like_conllu(blocks: Sequence[Block], width: int) -> bool:
    """Whether there are ten columns, and most lines begin with the number of a token."""
    cells = [line.cells[0] for block in blocks for line in block if not line.text.startswith("#")]
    return width == len(CONLLU_COLUMNS) and 2 * sum(map(is_id, cells)) > len(cells)


def _narrowest(blocks: Sequence[Block], layout: _Layout) -> tuple[int, int]:
    """The columns that all sentences have, and the most that one has; (0, 0) where most have the same.

    Sentences in CoNLL-2009 and CoNLL-2012 have a column more for each predicate.
    """
    own = [{len(line.cells) for line in block if not line.text.startswith("#")} for block in blocks]
    widths = Counter(wide.pop() for wide in own if len(wide) == 1)
    wide_enough = {width: n for width, n in widths.items() if width >= _LEAST_WIDE}
    if layout.is_conllu or len(wide_enough) < 2:
        return 0, 0
    is_usual = layout.width < _LEAST_WIDE or widths[layout.width] >= _USUAL_SHARE * widths.total()
    return (0, 0) if is_usual else (min(wide_enough), max(wide_enough))


def _header(rows: list[list[Row]]) -> tuple[str, ...] | None:
    """Take the header off, if the first line is one."""
    _, cells = rows[0][0]
    if not is_header(cells):
        return None
    del rows[0][0]
    if not rows[0]:
        del rows[0]
    return unique_names(cells)


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


def _with_sound_ids(rows: Sequence[list[Row]], index: int, skipped: list[Skipped]) -> list[list[Row]]:
    """Sentences in which every id is a number, a range, or that of an empty node."""
    kept = []
    for block in rows:
        damaged = next((row for row in block if not is_id(row[1][index])), None)
        if damaged is None:
            kept.append(block)
        else:
            skipped.append(skip(Record(*damaged), f"the id {damaged[1][index][:20]!r}, which is no number"))
    return kept


def _without_ranges(rows: list[list[Row]], notes: list[str]) -> list[list[Row]]:
    """Leave out ranges (`1-2`) and empty nodes (`8.1`) where a column numbers the tokens."""
    width = len(rows[0][0][1]) if rows else 0
    numbers = (index for index in range(width) if is_rising([c[index] for _, c in block] for block in rows))
    index = next(numbers, None)
    if index is None:
        return rows
    kept = [[row for row in block if not is_between(row[1][index])] for block in rows]
    n = sum(map(len, rows)) - sum(map(len, kept))
    if n:
        notes.append(f"Left out {counted(n, 'line')} of ranges (1-2) and empty nodes (8.1).")
    return [block for block in kept if block]


def _without_empty(
    columns: tuple[str, ...] | None, rows: list[list[Row]]
) -> tuple[tuple[str, ...] | None, list[list[Row]]]:
    """Leave out columns without a value, as of a tab at the end of each line."""
    width = len(rows[0][0][1]) if rows else 0
    filled = [index for index in range(width) if any(cells[index] for block in rows for _, cells in block)]
    if len(filled) == width:
        return columns, rows
    kept = [[(line, tuple(cells[index] for index in filled)) for line, cells in block] for block in rows]
    return columns and tuple(columns[index] for index in filled), kept


def _without_brackets(rows: list[list[Row]], skipped: list[Skipped], notes: list[str]) -> list[list[Row]]:
    """Write columns of spans in brackets as BIO; a sentence in which a bracket has no partner is left out."""
    width = len(rows[0][0][1]) if rows else 0
    for index in range(width):
        if not is_bracketed({cells[index] for block in rows for _, cells in block}):
            continue
        kept = []
        for block in rows:
            tags = bio_of_brackets([cells[index] for _, cells in block])
            if tags is None:
                skipped.append(
                    skip(Record(*block[0]), f"a bracket without its partner in column {index + 1}")
                )
            else:
                kept.append(
                    [
                        (line, (*cells[:index], tag, *cells[index + 1 :]))
                        for (line, cells), tag in zip(block, tags, strict=True)
                    ]
                )
        rows = kept
        notes.append(f"Read the brackets of column {index + 1} as BIO.")
    return rows


def _without_prefix(rows: list[list[Row]], notes: list[str]) -> list[list[Row]]:
    """Take a prefix of language (`en:`) off the first cells if nearly all have it."""
    first = [cells[0] for block in rows for _, cells in block]
    prefixes = Counter(match.group() for match in map(_PREFIX.match, first) if match)
    if not prefixes or prefixes.total() < 0.95 * len(first):
        return rows
    names = ", ".join(prefix.rstrip(":") for prefix, _ in prefixes.most_common(3))
    notes.append(f"Took the prefix of the language ({names}) off {counted(len(first), 'token')}.")
    return [
        [(line, (_PREFIX.sub("", cells[0], count=1), *cells[1:])) for line, cells in block] for block in rows
    ]
