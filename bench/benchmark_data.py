"""Readers of the public test sets, which are not part of this project.

The folder is `ELMO_BENCHMARKS`, or else `../shared/benchmarks` beside the project.
"""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elmo_core.text.conllu import FORM, UPOS, read_conllu
from elmo_core.text.tokenisation import tokenised_sentences

ROOT = Path(os.environ.get("ELMO_BENCHMARKS", Path(__file__).resolve().parents[2] / "shared" / "benchmarks"))


@dataclass(frozen=True)
class SenseUses:
    """Uses of one word with their sense."""

    sentences: list[list[str]]
    positions: list[int]
    senses: list[str]


@dataclass(frozen=True)
class Pair:
    """Two uses of one word: the same sense or not."""

    sentences: tuple[list[str], list[str]]
    positions: tuple[int, int]
    same: bool


def sense_words() -> list[str]:
    """List the words of CoarseWSD whose files exist."""
    return sorted(path.name for path in (ROOT / "coarsewsd10").iterdir() if path.is_dir())


def sense_uses(word: str, part: str) -> SenseUses:
    """Read the `train` or `test` uses of a word of CoarseWSD (Loureiro et al. 2021)."""
    folder = ROOT / "coarsewsd10" / word
    names = json.loads((folder / "classes_map.txt").read_text())
    rows = [line.split("\t") for line in (folder / f"{part}.data.txt").read_text("utf-8").splitlines()]
    gold = [names[line.strip()] for line in (folder / f"{part}.gold.txt").read_text().splitlines()]
    return SenseUses([text.split(" ") for _, text in rows], [int(position) for position, _ in rows], gold)


def word_in_context(part: str) -> list[Pair]:
    """Read the `train` or `dev` pairs of WiC (Pilehvar and Camacho-Collados 2019)."""
    folder = ROOT / "wic" / part
    gold = (folder / f"{part}.gold.txt").read_text().split()
    pairs = []
    for line, label in zip((folder / f"{part}.data.txt").read_text("utf-8").splitlines(), gold, strict=True):
        _, _, positions, first, second = line.split("\t")
        left, right = map(int, positions.split("-"))
        pairs.append(Pair((first.split(" "), second.split(" ")), (left, right), label == "T"))
    return pairs


def sentiment(part: str) -> tuple[list[list[str]], list[int]]:
    """Read the `train` or `dev` sentences of SST-2 with their labels."""
    lines = (ROOT / "sst2" / f"stsa.binary.{part}").read_text("utf-8").splitlines()
    return [line.split(" ")[1:] for line in lines], [int(line[0]) for line in lines]


def plain_sentences(n: int, seed: int = 0) -> list[list[str]]:
    """Draw a seeded sample of the sentences of held-out Wikipedia, 5 to 60 tokens long."""
    path = ROOT.parent / "corpora" / "wikipedia.valid.txt.xz"
    text = lzma.decompress(path.read_bytes()).decode()
    found = [tokens for tokens in tokenised_sentences(text) if 5 <= len(tokens) <= 60]
    chosen = np.random.default_rng(seed).permutation(len(found))[:n]
    return [found[index] for index in chosen]


def word_classes(part: str) -> Iterator[tuple[list[str], list[str]]]:
    """Read the `train` or `dev` sentences of UD English EWT: words and their universal parts of speech."""
    with lzma.open(ROOT / "sequence" / f"en_ewt-ud-{part}.conllu.xz", "rt", encoding="utf-8") as stream:
        for sentence in read_conllu(line.rstrip("\n") for line in stream):
            yield [cells[FORM] for cells in sentence.words], [cells[UPOS] for cells in sentence.words]
