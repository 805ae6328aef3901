"""A corpus tokenised once, kept as memory-mapped arrays under a key of content and settings.

Layout of a cache folder (all little-endian):

    types.txt       every word form of the corpus, by falling count, after <S>, </S>, <UNK>
    counts.npy      int64 (n_types,)
    tokens.bin      uint32 (n_tokens,): ids into types.txt, sentence after sentence, without marks
    sentences.bin   uint64 (n_sentences + 1,): where each sentence starts in tokens.bin
    documents.bin   uint64 (n_documents + 1,): where each document starts in sentences.bin
    cache.json      counts and the settings; written last, so that its presence means "complete"

Type ids follow falling count, so the vocabulary of the first V words is a cap on ids: a token
above it is `<UNK>` as a target while its characters stay known at the input, as officially.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elmo_core.exceptions import CorpusError
from elmo_core.pretraining.corpus import CorpusReport, find_shards, read_lines
from elmo_core.text.tokenisation import TOKENISATION_VERSION, tokenised_sentences
from elmo_core.text.vocabulary import SPECIALS

log = logging.getLogger(__name__)
Progress = Callable[[int, str], None]
_FLUSH_TOKENS = 1 << 20


@dataclass(frozen=True)
class TokenCache:
    """One tokenised corpus, opened read-only and memory-mapped."""

    folder: Path
    types: tuple[str, ...]
    counts: np.ndarray  # int64 (n_types,)
    tokens: np.ndarray  # uint32 (n_tokens,)
    sentences: np.ndarray  # uint64 (n_sentences + 1,)
    documents: np.ndarray  # uint64 (n_documents + 1,)

    @property
    def n_sentences(self) -> int:
        """Sentences in the corpus."""
        return len(self.sentences) - 1

    def sentence(self, index: int) -> np.ndarray:
        """Type ids of one sentence, without boundary marks: uint32 (n,)."""
        return self.tokens[int(self.sentences[index]) : int(self.sentences[index + 1])]


def open_corpus(
    patterns: str | Sequence[str],
    cache_root: Path,
    *,
    tokenised: bool = False,
    language: str = "en",
    progress: Progress | None = None,
) -> TokenCache:
    """Tokenise a corpus, or open the cache where that was done before.

    Args:
        patterns: glob patterns of the shards.
        cache_root: folder that holds the caches.
        tokenised: whether each line is one sentence whose tokens are separated by blanks.
        language: for the tokeniser.
        progress: called with (tokens so far, shard name).

    Returns:
        The opened cache.

    Raises:
        CorpusError: no shard, a damaged one, or no text at all.
    """
    shards = find_shards(patterns)
    settings = {"tokenised": tokenised, "language": language, "version": TOKENISATION_VERSION}
    folder = cache_root / _key(shards, settings)
    if not (folder / "cache.json").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _build(shards, folder, settings, progress)
    return _open_cache(folder)


def _key(shards: Sequence[Path], settings: dict[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for shard in shards:
        with shard.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _sentences_of(shard: Path, report: CorpusReport, settings: dict[str, object]) -> Iterator[list[str] | None]:
    """Sentences of a shard in order; None where a blank line ends a document."""
    for line in read_lines(shard, report):
        if not line:
            yield None
        elif settings["tokenised"]:
            yield line.split()
        else:
            yield from tokenised_sentences(line, str(settings["language"]))


def _build(shards: Sequence[Path], folder: Path, settings: dict[str, object], progress: Progress | None) -> None:
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    report = CorpusReport()
    first_seen: dict[str, int] = {}
    counts = array("q")
    sentences, documents = array("Q", [0]), array("Q", [0])
    n_tokens = 0
    with (partial / "first_seen.bin").open("wb") as out:
        pending = array("I")
        for shard in shards:
            for tokens in _sentences_of(shard, report, settings):
                if tokens is None:
                    if documents[-1] != len(sentences) - 1:
                        documents.append(len(sentences) - 1)
                    continue
                for token in tokens:
                    index = first_seen.setdefault(token, len(first_seen))
                    if index == len(counts):
                        counts.append(0)
                    counts[index] += 1
                    pending.append(index)
                n_tokens += len(tokens)
                sentences.append(n_tokens)
                if len(pending) >= _FLUSH_TOKENS:
                    pending.tofile(out)
                    pending = array("I")
                    if progress:
                        progress(n_tokens, shard.name)
            if documents[-1] != len(sentences) - 1:
                documents.append(len(sentences) - 1)
        pending.tofile(out)
    for warning in report.warnings():
        log.warning(warning)
    if not n_tokens:
        raise CorpusError(f"The corpus holds no text ({len(shards)} files read); give files with sentences in them.")
    _sort_types(partial, list(first_seen), np.frombuffer(counts, dtype=np.int64))
    np.frombuffer(sentences, dtype=np.uint64).tofile(partial / "sentences.bin")
    np.frombuffer(documents, dtype=np.uint64).tofile(partial / "documents.bin")
    about = {"n_tokens": n_tokens, "n_sentences": len(sentences) - 1, "n_types": len(counts) + 3, **settings}
    (partial / "cache.json").write_text(json.dumps(about, indent=1))
    os.replace(partial, folder)


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


def _open_cache(folder: Path) -> TokenCache:
    types = tuple((folder / "types.txt").read_text(encoding="utf-8").split("\n")[:-1])
    return TokenCache(
        folder=folder,
        types=types,
        counts=np.load(folder / "counts.npy", allow_pickle=False),
        tokens=np.memmap(folder / "tokens.bin", dtype=np.uint32, mode="r"),
        sentences=np.fromfile(folder / "sentences.bin", dtype=np.uint64),
        documents=np.fromfile(folder / "documents.bin", dtype=np.uint64),
    )
