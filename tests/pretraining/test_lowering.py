"""Lower-cased sentences among the others."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.lowering import lowering
from elmo_core.pretraining.streams import TokenStream
from elmo_core.text.tagged import split_tags, tag_token


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    lines = [f"Apple W{number} apple İstanbul" for number in range(200)]
    (folder / "a.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return open_corpus(str(folder / "a.txt"), folder / "cache", tokenised=True)


def stream(cache, share, direction=FORWARD):
    lowered = lowering(cache.types)
    return TokenStream(
        cache, direction, 8, "sentences", 1, lowered_ids=lowered.ids, lowercase_share=share
    ), lowered.types


def test_each_form_finds_its_lower_case_and_special_words_stay(cache):
    lowered = lowering(cache.types)
    assert lowered.types[: len(cache.types)] == cache.types
    assert len(set(lowered.types)) == len(lowered.types)
    for word, index in zip(cache.types[3:], lowered.ids[3:], strict=True):
        assert lowered.types[index] == word.lower()
    assert lowered.ids[:3].tolist() == [0, 1, 2]


@pytest.mark.parametrize("direction", [FORWARD, BACKWARD])
def test_a_share_of_the_sentences_is_lowered_whole(cache, direction):
    read, types = stream(cache, 0.5, direction)
    batch = read.next_batch(30).inputs.T
    words = [types[index] for row in batch for index in row]
    kinds = {word for word in words if word.lower().startswith("apple")}
    assert kinds == {"Apple", "apple"}
    names = [word for word in words if word[:1] in "Ww" and word[1:].isdigit()]
    share = np.mean([word.startswith("w") for word in names])
    assert 0.25 < share < 0.75


def test_nothing_and_everything(cache):
    for share, capitals in ((0.0, True), (0.999999, False)):
        read, types = stream(cache, share)
        words = {types[index] for index in read.next_batch(30).inputs.flat}
        assert any(word == "Apple" for word in words) == capitals


def test_a_stream_goes_on_with_the_same_sentences_lowered(cache):
    first, _ = stream(cache, 0.5)
    first.next_batch(37)
    position = first.position()
    second, _ = stream(cache, 0.5)
    second.seek(position)
    for _ in range(20):  # past the end of the epoch
        assert np.array_equal(first.next_batch(50).inputs, second.next_batch(50).inputs)


def test_tags_stay_with_the_words_that_are_lowered():
    types = (
        "<S>",
        "</S>",
        "<UNK>",
        tag_token("The", "DET"),
        tag_token("cat", "NOUN"),
        tag_token("the", "DET"),
    )
    lowered = lowering(types)
    assert lowered.types == types and lowered.ids.tolist() == [0, 1, 2, 5, 4, 5]
    words, numbers = split_tags([lowered.types[index] for index in lowered.ids[3:]], ("DET", "NOUN"))
    assert (words, numbers.tolist()) == (["the", "cat", "the"], [1, 2, 1])
