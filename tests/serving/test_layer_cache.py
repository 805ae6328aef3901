"""The budget holds, whatever is asked; what was used last stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.serving.layer_cache import LayerCache

KB = 1024


def layers(n_bytes):
    return np.zeros(n_bytes // 4, dtype=np.float32).reshape(1, -1, 1)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=40))
def test_never_more_than_the_budget(steps):
    cache = LayerCache(4 * KB)
    kept = {}
    for key, size in steps:
        if cache.find(key) is None:
            kept[key] = layers(size * KB)
            cache.keep(key, kept[key])
        use = cache.use
        assert use.n_bytes <= use.budget
        alive = [key for key in kept if cache.find(key) is not None]
        assert use.n_bytes == sum(kept[key].nbytes for key in alive) and use.n_texts == len(alive)


def test_the_one_not_asked_for_longest_goes():
    cache = LayerCache(3 * KB)
    for key in "abc":
        cache.keep(key, layers(KB))
    cache.find("a")
    cache.keep("d", layers(KB))
    assert [key for key in "abcd" if cache.find(key) is not None] == ["a", "c", "d"]
    assert (cache.use.n_found, cache.use.n_missed) == (4, 1)


def test_what_is_kept_cannot_be_written():
    cache = LayerCache(KB)
    own = layers(KB)
    cache.keep("a", own)
    with pytest.raises(ValueError, match="read-only"):
        own[:] = 1


def test_half_of_the_budget_is_the_most_for_one_request():
    assert LayerCache(4 * KB).takes(2 * KB) and not LayerCache(4 * KB).takes(2 * KB + 1)
