"""Text -> the files of a token cache (see `cache`), in one pass at constant memory but for the types."""

from __future__ import annotations

import json
import logging
import os
import shutil
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from elmo_core.exceptions import CorpusError
from elmo_core.pretraining.corpus import CorpusReport, read_sentences
from elmo_core.progress import Progress
from elmo_core.text.vocabulary import SPECIALS

log = logging.getLogger(__name__)
_FLUSH_TOKENS = 1 << 20


def build_cache(
    shards: Sequence[Path], folder: Path, settings: dict[str, object], progress: Progress | None
) -> None:
    """Tokenise shards into a new folder, complete or absent.

    Args:
        shards: to read, in order.
        folder: to make.
        settings: "version" and the arguments of `read_sentences`; kept in cache.json.
        progress: called with the tokens so far, twice, because the total is not known.

    Raises:
        CorpusError: a shard is damaged, or there is no text at all.
    """
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    report = CorpusReport()
    reading: dict[str, Any] = {name: value for name, value in settings.items() if name != "version"}
    with (partial / "first_seen.bin").open("wb") as out:
        writer = _Writer(out)
        for shard in shards:
            for tokens in read_sentences(shard, report, **reading):
                if tokens is None:
                    writer.end_document()
                elif writer.add_sentence(tokens) and progress:
                    progress(writer.n_tokens, writer.n_tokens)
            writer.end_document()
        writer.flush()
    for warning in report.warnings():
        log.warning(warning)
    if not writer.n_tokens:
        raise CorpusError(f"The corpus holds no text ({len(shards)} files read); give files with sentences.")
    _sort_types(partial, list(writer.first_seen), np.frombuffer(writer.counts, dtype=np.int64))
    np.frombuffer(writer.sentences, dtype=np.uint64).tofile(partial / "sentences.bin")
    np.frombuffer(writer.documents, dtype=np.uint64).tofile(partial / "documents.bin")
    about = {"n_tokens": writer.n_tokens, "n_sentences": len(writer.sentences) - 1, **settings}
    (partial / "cache.json").write_text(json.dumps(about, indent=1))
    os.replace(partial, folder)


class _Writer:
    """Collects tokens as ids by first sight, counts them, remembers where sentences and documents start."""

    def __init__(self, out: BinaryIO) -> None:
        self._out, self._pending = out, array("I")
        self.first_seen: dict[str, int] = {}
        self.counts = array("q")
        self.sentences, self.documents = array("Q", [0]), array("Q", [0])
        self.n_tokens = 0

    def add_sentence(self, tokens: list[str]) -> bool:
        """Add a sentence; True when a block went to the disk."""
        for token in tokens:
            index = self.first_seen.setdefault(token, len(self.first_seen))
            if index == len(self.counts):
                self.counts.append(0)
            self.counts[index] += 1
            self._pending.append(index)
        self.n_tokens += len(tokens)
        self.sentences.append(self.n_tokens)
        if len(self._pending) < _FLUSH_TOKENS:
            return False
        self.flush()
        return True

    def end_document(self) -> None:
        """The sentences since the last call are a document, if there are any."""
        n_sentences = len(self.sentences) - 1
        if self.documents[-1] != n_sentences:
            self.documents.append(n_sentences)

    def flush(self) -> None:
        """Write what is pending."""
        self._pending.tofile(self._out)
        self._pending = array("I")


def _sort_types(folder: Path, words: list[str], counts: np.ndarray) -> None:
    """Renumber types by falling count (ties by first sight), after the three special words."""
    order = np.argsort(-counts, kind="stable")
    specials = np.array([words.index(word) if word in words else -1 for word in SPECIALS])
    order = order[~np.isin(order, specials)]  # a corpus that spells <UNK> out means the special word
    new_id = np.empty(len(words), dtype=np.uint32)
    new_id[order] = np.arange(3, 3 + len(order), dtype=np.uint32)
    for special, index in enumerate(specials):
        if index >= 0:
            new_id[index] = special
    special_counts = np.array([counts[index] if index >= 0 else 0 for index in specials], dtype=np.int64)
    np.save(folder / "counts.npy", np.concatenate([special_counts, counts[order]]))
    with (folder / "types.txt").open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"{word}\n" for word in (*SPECIALS, *(words[index] for index in order)))
    source = np.memmap(folder / "first_seen.bin", dtype=np.uint32, mode="r")
    with (folder / "tokens.bin").open("wb") as out:
        for start in range(0, len(source), _FLUSH_TOKENS):
            new_id[source[start : start + _FLUSH_TOKENS]].tofile(out)
    (folder / "first_seen.bin").unlink()
