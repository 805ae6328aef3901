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
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from elmo_core.locking import locked
from elmo_core.pretraining.cache_building import build_cache
from elmo_core.pretraining.corpus import find_shards
from elmo_core.progress import Progress
from elmo_core.text.tokenisation import TOKENISATION_VERSION, check_language


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

    def words(self, index: int) -> list[str]:
        """Tokens of one sentence as strings."""
        return [self.types[type_id] for type_id in self.sentence(index)]


def open_corpus(
    patterns: str | Sequence[str],
    cache_root: Path,
    *,
    tokenised: bool = False,
    language: str = "en",
    tagged: bool = False,
    encoding: str | None = None,
    progress: Progress | None = None,
) -> TokenCache:
    """Tokenise a corpus, or open the cache where that was done before.

    Args:
        patterns: glob patterns of the shards.
        cache_root: folder that holds the caches.
        tokenised: whether each line is one sentence whose tokens are separated by blanks.
        language: for the tokeniser.
        tagged: whether tokens carry the parts of speech of a corpus in CoNLL-U (see `text.tagged`).
        encoding: encoding of the shards, as Python names it; None = find out for each.
        progress: called with the tokens so far, twice, because the total is not known.

    Returns:
        The opened cache.

    Raises:
        CorpusError: no shard, a damaged one, or no text at all.
    """
    shards = find_shards(patterns)
    settings: dict[str, object] = {
        "tokenised": tokenised,
        "language": check_language(language),
        "version": TOKENISATION_VERSION,
    }
    if tagged:  # named only then, so that the caches of plain text keep their keys
        settings["tagged"] = True
    if encoding is not None:
        settings["encoding"] = encoding
    folder = cache_root / _key(shards, settings)
    cache_root.mkdir(parents=True, exist_ok=True)
    with locked(cache_root / f".{folder.name}.lock", wait=True):  # a second run finds what the first has made
        if not (folder / "cache.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            build_cache(shards, folder, settings, progress)
    return _open_cache(folder)


def _key(shards: Sequence[Path], settings: dict[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for shard in shards:
        with shard.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


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
