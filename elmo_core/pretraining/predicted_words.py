"""The words that a run predicts: those of the model it goes on from, those given, or the corpus' own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from elmo_core.exceptions import ConfigError, CorpusError, TrainingError
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.fine_tuning import own_vocabulary
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.snapshot import VOCABULARY
from elmo_core.text.tagged import split_tags, tags_of
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.store import StoredModel


def build_vocabulary(cache: TokenCache, config: PretrainConfig) -> Vocabulary:
    """The corpus' words by falling count, whatever their tags, capped as the settings say.

    Raises:
        CorpusError: no word is frequent enough.
    """
    words, _ = split_tags(cache.types, tags_of(cache.types) if config.tagged else ())
    counts = Counter[str]()
    for word, count in zip(words[len(SPECIALS) :], cache.counts[len(SPECIALS) :].tolist(), strict=True):
        counts[word] += count
    frequent = [word for word, count in counts.most_common() if count >= config.min_count]
    if not frequent:
        word, count = counts.most_common(1)[0]
        raise CorpusError(
            f"No word of the training text occurs {config.min_count:,} times or more (min_count); the most "
            f"frequent, {word!r}, occurs {count:,} times. Lower min_count or give more text."
        )
    return Vocabulary([*SPECIALS, *frequent][: config.vocabulary_size])


def words_to_predict(initial: StoredModel | None, given: Vocabulary | None) -> Vocabulary | None:
    """The vocabulary of a model to fine-tune, or the one given; None = that of the corpus.

    Raises:
        ConfigError: there are both, and they differ.
    """
    own = own_vocabulary(initial) if initial is not None else None
    if own is not None and given is not None and own.words != given.words:
        raise ConfigError(
            f"The model to fine-tune predicts {len(own):,} words of its own; leave out --vocabulary."
        )
    return own or given


def kept_words(folder: Path, given: Vocabulary | None) -> Vocabulary:
    """The vocabulary of a run that goes on: its softmax rows mean these words, whatever the corpus says.

    Raises:
        ModelError: its file is missing or damaged.
        TrainingError: another one is given.
    """
    kept = Vocabulary.read(folder / VOCABULARY)
    if given is not None and given.words != kept.words:
        raise TrainingError(f"{folder} is a run with another vocabulary; resume it with its own.")
    return kept
