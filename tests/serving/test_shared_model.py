"""A shared model gives the bits of its own kind alone, computes a text once, and never half of a request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from elmo_core.embedder import load_elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError
from elmo_core.serving.shared import load_shared

SENTENCES = ["The bank raised rates. We sat on the bank.", ["a", "bank"], [], ["x"], ["a", "bank"], ""]


@pytest.fixture(scope="module")
def plain():
    return load_elmo("tiny")


def equal(found, wanted):
    assert [one.tokens for one in found] == [one.tokens for one in wanted]
    for one, other in zip(found, wanted, strict=True):
        assert one.layers.dtype == np.float32
        np.testing.assert_array_equal(one.layers, other.layers)


def test_the_same_bits_first_and_from_the_cache(plain):
    shared = load_shared("tiny")
    wanted = plain.embed(SENTENCES)
    for _ in range(2):
        equal(shared.embed(SENTENCES), wanted)
    use = shared.cache_use
    assert use.n_missed == use.n_found == use.n_texts == 4  # two are equal, two have no token
    equal(
        shared.embed(SENTENCES, state="carry", batch_size=2),
        plain.embed(SENTENCES, state="carry", batch_size=2),
    )
    assert shared.cache_use == use


def test_texts_of_the_same_tokens_in_other_sentences_are_others(plain):
    shared = load_shared("tiny")
    two, one = "Yes . No .", ["Yes", ".", "No", "."]
    equal(shared.embed([two]), plain.embed([two]))
    equal(shared.embed([one]), plain.embed([one]))


def test_a_text_is_computed_once_among_new_ones():
    shared = load_shared("tiny")
    shared.embed([["a", "b"], ["c"]])
    told = []
    shared.embed([["c"], ["d", "e"], ["a", "b"]], progress=lambda *one: told.append(one))
    assert told == [(5, 5)] and shared.cache_use.n_missed == 3


def test_a_large_request_tells_how_far_it_is_and_can_be_stopped(plain):
    shared = load_shared("tiny", budget=1 << 20)
    many = [[f"word{number}"] * 10 for number in range(300)]
    told = []
    shared.embed(many, progress=lambda *one: told.append(one))
    assert told[-1] == (3000, 3000) and len(told) > 2
    assert shared.cache_use.n_texts == 0, "it is more than half of the budget"

    def stop(*_):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        shared.embed(many, progress=stop)
    equal(shared.embed(many[:3]), plain.embed(many[:3]))


def test_many_threads(plain):
    shared = load_shared("tiny")
    requests = [[[f"w{number % 7}", "bank"], [str(number)]] for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shared.embed, requests))
    for one, request in zip(found, requests, strict=True):
        equal(one, plain.embed(request))


def test_bad_input_is_told_as_before():
    shared = load_shared("tiny")
    with pytest.raises(InputError, match="put it into a list"):
        shared.embed("one string")
    with pytest.raises(ConfigError, match="0 bytes or more"):
        load_shared("tiny", budget=-1)
