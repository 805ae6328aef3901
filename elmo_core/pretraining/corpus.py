"""Shards of plain text, compressed or not, read line by line at constant memory."""

from __future__ import annotations

import glob
import gzip
import io
import lzma
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from elmo_core.exceptions import CorpusError


@dataclass
class CorpusReport:
    """What was met while reading a corpus."""

    lines: int = 0
    skipped_lines: list[str] = field(default_factory=list)
    """`file:line` of each line that is not UTF-8 (left out)."""
    empty_shards: list[str] = field(default_factory=list)

    def warnings(self) -> list[str]:
        """One sentence for each kind of trouble."""
        found = []
        if self.skipped_lines:
            where = ", ".join(self.skipped_lines[:3])
            found.append(
                f"{len(self.skipped_lines)} lines are not UTF-8 and were left out, the first at {where}."
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


def decompressed(raw: BinaryIO, suffix: str) -> BinaryIO:
    """The text in a file that is open, by its name's end: `.gz`, `.xz`, `.zst`, or plain."""
    if suffix == ".gz":
        return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
    if suffix == ".xz":
        return cast(BinaryIO, lzma.LZMAFile(raw))
    if suffix == ".zst":
        import zstandard

        return cast(BinaryIO, io.BufferedReader(zstandard.open(raw, "rb")))
    return raw


def read_lines(shard: Path, report: CorpusReport) -> Iterator[str]:
    """Yield the lines of one shard, blank ones included (they separate documents).

    Args:
        shard: plain text, or `.gz`, `.xz`, `.zst`.
        report: counts are added to it.

    Raises:
        CorpusError: the file cannot be read or its compression is damaged.
    """
    has_text = False
    number = 0
    try:
        with shard.open("rb") as file, decompressed(file, shard.suffix) as stream:
            for number, raw in enumerate(stream, start=1):
                try:
                    line = raw.decode("utf-8").strip()
                except UnicodeDecodeError:
                    report.skipped_lines.append(f"{shard.name}:{number}")
                    continue
                has_text = has_text or bool(line)
                yield line
    except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
        raise CorpusError(
            f"{shard} is damaged or unreadable after line {number} ({error}); repair it or leave it out."
        ) from error
    except Exception as error:  # zstandard's own error class derives from Exception alone
        if type(error).__name__ != "ZstdError":
            raise
        raise CorpusError(
            f"{shard} is damaged after line {number} ({error}); repair it or leave it out."
        ) from error
    finally:
        report.lines += number
    if not has_text:
        report.empty_shards.append(shard.name)
