"""Fine-tuning a biLM on a task: what it changes and leaves, how it ends, what it adds in a comparison."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from elmo_core import Elmo, ElmoClassifier
from elmo_core.exceptions import CancelledError, ModelError
from elmo_core.learning.texts.additions import say_additions
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.learning.texts.experts import TUNED
from elmo_core.learning.texts.fine_tuned import WINDOW
from elmo_core.learning.texts.fine_tuning import passes
from elmo_core.learning.texts.results import (
    FINE_TUNED,
    MAJORITY,
    PRODUCT,
    TFIDF,
    ComparisonSettings,
    latest_additions,
)
from elmo_core.learning.texts.saving import load_classifier, save_classifier
from elmo_core.learning.texts.task import TextTask
from elmo_core.learning.time_budget import expected_steps
from elmo_core.learning.workflow import compare_methods, expected_seconds
from elmo_core.pretraining.adapting import adapt
from elmo_core.weights.store import StoredModel

GOOD = ["a fine cup of tea", "what a lovely warm place", "fine cakes and a lovely view", "lovely tea"]
BAD = ["cold soup !", "the soup was cold and the waiter rude !", "a rude waiter !", "cold and rude !"]
TEXTS = [f"{text} {n}" for n in range(4) for text in GOOD + BAD]
LABELS = (["good"] * 4 + ["bad"] * 4) * 4
SETTINGS = {"static": None, "penalty": 0.1}


@pytest.fixture(scope="module")
def tuned(elmo) -> ElmoClassifier:
    return ElmoClassifier(elmo, **SETTINGS, fine_tune=True).fit(TEXTS, LABELS)


def test_it_stands_beside_the_head_and_leaves_the_bilm_alone(elmo, tuned):
    before = {name: one.clone() for name, one in elmo.model.state_dict().items()}
    again = ElmoClassifier(elmo, **SETTINGS, fine_tune=True).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(again.predict_proba(TEXTS), tuned.predict_proba(TEXTS))
    assert all(torch.equal(one, before[name]) for name, one in elmo.model.state_dict().items())
    model, plain = tuned.experts_.models[TUNED], ElmoClassifier(elmo, **SETTINGS).fit(TEXTS, LABELS)
    own = model.layer.bilm.state_dict()
    changed = {name.split(".")[0] for name, one in own.items() if not torch.equal(one, before[name])}
    assert changed == {"directions"}  # the token encoder serves words that only new texts hold
    assert tuned.experts_.weights[TUNED] > 0
    assert plain.experts_.models.keys() == tuned.experts_.models.keys() - {TUNED}
    assert tuned.score(TEXTS, LABELS) == 1.0


def test_a_long_text_is_read_in_windows(tuned):
    model = tuned.experts_.models[TUNED]
    words = [TEXTS[n % len(TEXTS)].split()[0] for n in range(2 * WINDOW + 50)]
    third = len(words) // 3
    parts = [" ".join(words[at : at + third]) for at in range(0, 3 * third, third)]
    np.testing.assert_allclose(
        model.logits([" ".join(words)])[0], model.logits(parts).mean(axis=0), atol=1e-5
    )
    assert np.isfinite(tuned.predict_proba([" ".join(words), ""])).all()


def test_it_reads_texts_without_labels_and_does_without_a_softmax(elmo, tuned):
    more = ElmoClassifier(elmo, **SETTINGS, fine_tune=True)
    more.fit(TEXTS, LABELS, unlabelled=["the soup was lovely", "a rude cup of tea"] * 20)
    own, other = (one.experts_.models[TUNED].state_dict() for one in (more, tuned))
    assert any(not torch.equal(one, other[name]) for name, one in own.items())
    stored = StoredModel("m", elmo.model, elmo.vocabulary)
    assert adapt(stored, [["tea"]], seed=0) is None  # too few words for a step
    assert adapt(StoredModel("m", elmo.model, None), [["tea"] * 50] * 4, seed=0) is None


def test_it_stops_when_it_is_told_to(elmo):
    """Before any step, wherever it has come."""
    told: list[str] = []

    def stop(doing: str, share: float) -> None:
        told.append(doing)
        if len({one for one in told if one.startswith("fine-tuning")}) == 2:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        ElmoClassifier(elmo, **SETTINGS, fine_tune=True).fit(TEXTS, LABELS, report=stop)
    assert told[-1] == "fine-tuning, epoch 2"
    assert "reading the texts as a language model" in told


def test_weights_of_another_shape_are_refused(tuned, tmp_path):
    save_classifier(tuned, tmp_path / "saved")
    path = tmp_path / "saved" / "head.safetensors"
    tensors = load_file(path)
    save_file({name: one for name, one in tensors.items() if name != f"{TUNED}.output.bias"}, path)
    with pytest.raises(ModelError, match="do not fit"):
        load_classifier(tmp_path / "saved")


def test_a_comparison_says_what_each_expert_adds(elmo: Elmo):
    settings = ComparisonSettings(time_limit_s=3600, methods=(MAJORITY, TFIDF), fine_tune=True, n_folds=2)
    *others, product, found = compare_methods(elmo, TEXTS, LABELS, settings)
    assert [one.method for one in (*others, product, found)] == [MAJORITY, TFIDF, PRODUCT, FINE_TUNED]
    names = ["words", "+ characters", "+ the model's layers", "+ fine-tuning"]
    assert [step.name for step in product.additions] == names[:3]
    steps = latest_additions([product, found])
    assert [step.name for step in steps] == names
    assert steps[-1].scores.value == found.scores.value
    assert product.additions[-1].scores.value == product.scores.value
    assert [step.gain is None for step in steps] == [True, False, False, False]
    assert say_additions(steps).startswith("What each part added")


def test_its_predictions_can_be_stopped_and_its_time_is_expected_within_the_limit(elmo, tuned):
    def stop(doing: str, share: float) -> None:
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        tuned.experts_.logits(TEXTS, stop)
    task = TextTask(elmo, TEXTS, LABELS, ComparisonSettings(fine_tune=True))
    steps = expected_steps(task, task.methods, 1.0, 1, 10.0)  # a second for each character
    assert steps[FINE_TUNED] < 10 * passes(len(TEXTS))


def test_folds_train_once_more_on_all_texts_beyond_the_limit(elmo):
    data = Dataset("mine", tuple(TEXTS), tuple(LABELS), tuple(range(len(TEXTS))), (), (), ())
    once, twice = (
        expected_seconds(elmo, data, ComparisonSettings(fine_tune=True, n_folds=n), rate=1e-3)[1]
        for n in (0, 2)
    )
    assert twice == pytest.approx(3 * once, rel=0.1)
