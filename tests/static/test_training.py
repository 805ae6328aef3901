"""word2vec of one's own text."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.exceptions import CancelledError, ConfigError, CorpusError
from elmo_core.pretraining import word2vec
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.word2vec import Word2VecSettings
from elmo_core.static.training import card_of, vectors_of_corpus, vectors_of_sentences
from elmo_core.text.vocabulary import Vocabulary
from tests.pretraining.corpora import write_corpus

SETTINGS = Word2VecSettings(dim=12, epochs=40, subsample=0, learning_rate=0.05)


def two_topics(n: int = 400) -> list[list[str]]:
    """Sentences of words of the sea, and of words of the kitchen."""
    draw = np.random.default_rng(0)
    topics = (["sea", "ship", "wave", "sail", "mast"], ["pot", "pan", "soup", "stove", "spoon"])
    return [list(draw.choice(topics[number % 2], 8)) for number in range(n)]


@pytest.mark.parametrize("architecture", ["cbow", "skip-gram"])
def test_words_of_one_topic_come_to_lie_together(architecture):
    settings = Word2VecSettings(12, architecture, epochs=20, subsample=0, learning_rate=0.05)
    vectors = vectors_of_sentences(two_topics(), settings, "mine")
    near = [vectors.words[row] for row in np.argsort(-vectors.cosines_with(vectors["sea"]))[:5]]
    assert set(near) == {"sea", "ship", "wave", "sail", "mast"}
    assert vectors.about["corpus_tokens"] == 3200 and vectors.about["vocabulary"] == 10


def test_the_same_text_gives_the_same_vectors_in_any_number_of_parts(monkeypatch):
    monkeypatch.setattr(word2vec, "_PART_WORDS", 500)
    first, again = (vectors_of_sentences(two_topics(), SETTINGS, "mine") for _ in range(2))
    assert first.words == again.words
    assert (first.matrix == again.matrix).all()


def test_progress_is_told_and_an_error_of_it_stops(monkeypatch):
    monkeypatch.setattr(word2vec, "_PART_WORDS", 1000)
    steps: list[tuple[int, int]] = []
    vectors_of_sentences(two_topics(), SETTINGS, "x", progress=lambda *step: steps.append(step))
    assert steps[0] == (0, 40 * 3200) and steps[-1] == (40 * 3200, 40 * 3200)
    assert len(steps) > 100

    def stop(done: int, total: int) -> None:
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        vectors_of_sentences(two_topics(), SETTINGS, "x", progress=stop)


def test_a_text_without_repeated_words_teaches_nothing():
    with pytest.raises(CorpusError, match="occurs 2 times"):
        vectors_of_sentences([["all", "words", "differ"]], SETTINGS, "x")


@pytest.mark.parametrize(("name", "value"), [("dim", 0), ("epochs", -1), ("subsample", -0.1)])
def test_impossible_settings_are_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        Word2VecSettings(**{name: value})


def test_vectors_of_a_corpus_have_exactly_the_words_of_its_vocabulary(tmp_path):
    cache = open_corpus(str(write_corpus(tmp_path / "a.txt")), tmp_path / "cache", tokenised=True)
    vocabulary = Vocabulary(cache.types[:8])
    vectors = vectors_of_corpus(cache, vocabulary, Word2VecSettings(6), "mine")
    assert vectors.words == vocabulary.words
    assert "<S>" not in vectors and "<UNK>" in vectors and vocabulary[5] in vectors
    again = vectors_of_corpus(cache, vocabulary, Word2VecSettings(6), "mine")
    assert (vectors.matrix == again.matrix).all()
    assert f"{len(cache.tokens):,} tokens" in card_of(vectors, "a test")
    with pytest.raises(CorpusError, match="not the most frequent"):
        vectors_of_corpus(cache, Vocabulary([*cache.types[:3], "other"]), Word2VecSettings(6), "mine")


def test_a_word_with_a_blank_in_it_has_no_vector(tmp_path):
    """CoNLL-U has such forms; gensim reads lines of words."""
    rows = "".join(
        f"{at}\t{form}\t_\tNOUN\t_\t_\t0\troot\t_\t_\n"
        for at, form in enumerate(["about", "10 000", "ships"], 1)
    )
    (tmp_path / "a.conllu").write_text(f"{rows}\n" * 40, encoding="utf-8")
    cache = open_corpus(str(tmp_path / "a.conllu"), tmp_path / "cache")
    assert "10 000" in cache.types
    vectors = word2vec.train_word2vec(cache, len(cache.types), SETTINGS)
    rows_of = {word: vectors[index] for index, word in enumerate(cache.types)}
    assert not rows_of["10 000"].any() and rows_of["ships"].any()
