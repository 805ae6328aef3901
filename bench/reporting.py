"""Arguments, progress and tables of the measurements."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def arguments(doc: str | None) -> argparse.ArgumentParser:
    """Make a parser whose help is the docstring of the script as it is written."""
    return argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)


def training_arguments(doc: str | None) -> argparse.ArgumentParser:
    """Make the parser of a measurement that trains on a corpus."""
    parser = arguments(doc)
    parser.add_argument("--train", required=True, help="pattern of the shards to learn from")
    parser.add_argument("--valid", required=True, help="held-out text")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the tokenised text")
    return parser


def progress(line: str) -> None:
    """Print progress on stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Format a Markdown table."""
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
