"""word2vec of a corpus or of a text, as static vectors with the facts of their card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from elmo_core.exceptions import CorpusError
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.word2vec import Word2VecSettings, train_on_sentences, train_word2vec
from elmo_core.progress import Progress
from elmo_core.static.vectors import StaticVectors
from elmo_core.text.vocabulary import Vocabulary

_CARD = """# {name}

Static vectors: one for each word, whatever stands around it. Learnt from the same text and for the same
words as the biLM beside which they are shown, so that a difference between the two is one of method, not of
data.

| | |
|---|---|
{table}

They hold what their text says, and carry the views of its time and authors.
"""


def vectors_of_corpus(
    cache: TokenCache,
    vocabulary: Vocabulary,
    settings: Word2VecSettings,
    name: str,
    progress: Progress | None = None,
) -> StaticVectors:
    """Learn vectors for the vocabulary of a model from the text it was trained on.

    Args:
        cache: the tokenised corpus.
        vocabulary: its most frequent words, as `pretrain` chose them.
        settings: how to learn.
        name: name of the vectors.
        progress: called with (words read so far, words to read in all epochs).

    Raises:
        CorpusError: the vocabulary is not that of this corpus.
    """
    n_words = len(vocabulary)
    if vocabulary.words != cache.types[:n_words]:
        raise CorpusError(
            f"The {n_words:,} words are not the most frequent ones of this corpus in their order; give the "
            "vocabulary of a model that was trained on it."
        )
    matrix = train_word2vec(cache, n_words, settings, progress)
    n_known = int(cache.counts[3:n_words].sum())
    about: dict[str, Any] = {
        "name": name,
        "method": f"word2vec ({settings.architecture}), gensim",
        "settings": asdict(settings),
        "corpus_tokens": len(cache.tokens),
        "corpus_sentences": cache.n_sentences,
        "covered_tokens": n_known,
        "vocabulary": n_words,
    }
    return StaticVectors(name, vocabulary.words, matrix, about)


def vectors_of_sentences(
    sentences: Sequence[Sequence[str]],
    settings: Word2VecSettings,
    name: str,
    *,
    min_count: int = 2,
    progress: Progress | None = None,
) -> StaticVectors:
    """Learn vectors from tokenised sentences; arguments and errors as `train_on_sentences`."""
    words, matrix = train_on_sentences(sentences, settings, min_count=min_count, progress=progress)
    about: dict[str, Any] = {
        "name": name,
        "method": f"word2vec ({settings.architecture}), gensim",
        "settings": {**asdict(settings), "min_count": min_count},
        "corpus_tokens": sum(map(len, sentences)),
        "corpus_sentences": len(sentences),
        "vocabulary": len(words),
    }
    return StaticVectors(name, words, matrix, about)


def card_of(vectors: StaticVectors, source: str) -> str:
    """The text of README.md for vectors that were learnt here.

    Args:
        vectors: with the facts that this module gives.
        source: what the text was, in words.
    """
    about, settings = vectors.about, vectors.about["settings"]
    covered = about["covered_tokens"] / about["corpus_tokens"]
    rows = {
        "method": f"{about['method']}: window {settings['window']}, {settings['negative']} negative samples, "
        f"sub-sampling {settings['subsample']:g}, {settings['epochs']} passes, learning rate from "
        f"{settings['learning_rate']:g}, seed {settings['seed']}, threads {settings['threads']}",
        "vectors": f"{about['vocabulary']:,} words of width {vectors.dim}, 16-bit; `<S>` and `</S>` have "
        "none (rows of zeros)",
        "text": f"{source}: {about['corpus_tokens']:,} tokens in {about['corpus_sentences']:,} sentences",
        "covered": f"{about['covered_tokens']:,} tokens ({covered:.1%}); the others were read as `<UNK>`",
        "files": "`vectors.safetensors`, `vocab.txt`, `config.json`: no pickle",
    }
    table = "\n".join(f"| {name} | {text} |" for name, text in rows.items())
    return _CARD.format(name=vectors.name, table=table)
