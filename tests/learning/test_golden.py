"""The same seed gives the predictions and scores that the files in `golden/` hold.

Another processor rounds the vectors and the steps of a fit differently (within 1e-6 for the vectors), so a
class counts only where it leads by a margin, and probabilities, tags and scores may differ a little.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

from elmo_core.embedder import load_elmo
from tests.learning.golden import write

MARGIN, SHARE_OF_TAGS = 0.1, 0.95


@pytest.fixture(scope="module")
def elmo():
    return load_elmo("english-small")


def test_classifier_methods_predict_as_before(elmo):
    found, before = write.texts_golden(elmo), json.loads(write.TEXTS.read_text(encoding="utf-8"))
    assert {name: list(methods) for name, methods in found.items()} == {
        name: list(methods) for name, methods in before.items()
    }
    for methods, expected in zip(found.values(), before.values(), strict=True):
        for method, wanted in expected.items():
            result = methods[method]
            assert (result["rows"], result["n_train"]) == (wanted["rows"], wanted["n_train"]), method
            own, other = np.array(result["probabilities"]), np.array(wanted["probabilities"])
            np.testing.assert_allclose(own, other, atol=0.03, err_msg=method)
            ranked = np.sort(other, axis=1)
            is_sure = ranked[:, -1] - ranked[:, -2] > MARGIN
            assert (own.argmax(axis=1) == other.argmax(axis=1))[is_sure].all(), method
            free = (~is_sure).mean() + 1e-6  # the rows without a margin may go either way
            assert result["accuracy"] == pytest.approx(wanted["accuracy"], abs=free), method
            assert result["macro_f1"] == pytest.approx(wanted["macro_f1"], abs=2 * free), method
            assert result["layer_weights"] == pytest.approx(wanted["layer_weights"], abs=0.01), method


def test_tagger_methods_tag_as_before(elmo):
    found, before = write.tags_golden(elmo), json.loads(write.TAGS.read_text(encoding="utf-8"))
    assert {name: list(methods) for name, methods in found.items()} == {
        name: list(methods) for name, methods in before.items()
    }
    for methods, expected in zip(found.values(), before.values(), strict=True):
        for method, wanted in expected.items():
            result = methods[method]
            own, other = (" ".join(one["tags"]).split() for one in (result, wanted))
            agreement = np.mean([a == b for a, b in zip(own, other, strict=True)])
            assert agreement >= SHARE_OF_TAGS, method
            assert result["score"] == pytest.approx(wanted["score"], abs=0.1), method
            assert result["layer_weights"] == pytest.approx(wanted["layer_weights"], abs=0.02), method
