"""Estimators among scikit-learn's: tables in, pickled, cloned, searched over, weighted."""

from __future__ import annotations

import copy
import io
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from elmo_core import ElmoClassifier, ElmoTagger, ElmoVectorizer, load_elmo
from elmo_core.embedder import Elmo
from elmo_core.exceptions import ConfigError, InputError, ModelError
from elmo_core.learning import text_layers
from elmo_core.learning.text_layers import embed_texts
from elmo_core.learning.texts.saving import load_classifier, save_classifier
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import load_model

GOOD = ["a fine cup of tea", "what a lovely warm place", "fine cakes and a lovely view", "lovely tea"]
BAD = ["cold soup !", "the soup was cold and the waiter rude !", "a rude waiter !", "cold and rude !"]
TEXTS = [f"{text} {n}" for n in range(3) for text in GOOD + BAD]
LABELS = (["good"] * 4 + ["bad"] * 4) * 3
FRAME = pd.DataFrame({"id": range(100, 124), "text": TEXTS, "label": LABELS}).set_index("id")


def joblib_copy(value):
    buffer = io.BytesIO()
    joblib.dump(value, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


COPIES = [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy, copy.copy, joblib_copy]


def changed_model(folder=None, factor=1.00001):
    """A model like the built-in one but for the last digits, on the disk or in memory alone."""
    stored = load_model("tiny")
    with torch.no_grad():
        next(stored.model.parameters()).mul_(factor)
    if folder is None:
        return stored
    write_folder(stored, folder, dtype="float32")
    return folder


def vectors(elmo):
    return elmo.embed(TEXTS[:3])[1].layers


@pytest.fixture(scope="module")
def fitted(elmo):
    return ElmoClassifier(elmo, penalty=0.1).fit(TEXTS, LABELS)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("kind", ["by name", "by path", "in memory", "changed in memory", "half precision"])
def test_models_are_copied_with_the_same_vectors(kind, copied, tmp_path):
    elmo = {
        "by name": lambda: load_elmo("tiny", threads=1),
        "by path": lambda: load_elmo(changed_model(tmp_path / "model")),
        "in memory": lambda: Elmo(load_model("tiny")),
        "changed in memory": lambda: Elmo(changed_model(), threads=2),
        "half precision": lambda: load_elmo("tiny", dtype="bfloat16"),
    }[kind]()
    found = copied(elmo)
    np.testing.assert_array_equal(vectors(found), vectors(elmo))
    assert (found.name, found.dtype, found.device, found.about) == (
        elmo.name, elmo.dtype, elmo.device, elmo.about,
    )  # fmt: skip
    assert found._threads == elmo._threads
    is_small = kind not in ("changed in memory",)
    assert (len(pickle.dumps(elmo)) < 2000) == is_small  # files that are there are not copied


def test_a_model_that_changed_since_is_told(tmp_path):
    folder = changed_model(tmp_path / "model")
    elmo = load_elmo(folder)
    by_path, classifier = pickle.dumps(elmo), ElmoClassifier(str(folder), penalty=0.1).fit(TEXTS, LABELS)
    of_path = pickle.dumps(classifier)
    assert pickle.loads(of_path).predict(TEXTS[:1]) == classifier.predict(TEXTS[:1])
    changed_model(folder, factor=1.5)
    with pytest.raises(ModelError, match=r"model has changed since this was pickled; put the old files back"):
        pickle.loads(by_path)
    np.testing.assert_array_equal(vectors(pickle.loads(pickle.dumps(elmo, 5))), vectors(elmo))
    text_layers._loaded.cache_clear()  # as in another process
    with pytest.raises(ModelError, match="is not the biLM this ElmoClassifier was fitted with"):
        pickle.loads(of_path)


@pytest.mark.parametrize("copied", COPIES)
@pytest.mark.parametrize("model", ["tiny", "object"])
def test_estimators_are_copied_with_the_same_results(elmo, copied, model):
    model = elmo if model == "object" else model
    for options in ({}, {"head": "attention", "max_epochs": 2}):
        classifier = ElmoClassifier(model, penalty=0.1, **options).fit(TEXTS, LABELS)
        np.testing.assert_array_equal(
            copied(classifier).predict_proba(TEXTS), classifier.predict_proba(TEXTS)
        )
    vectoriser = ElmoVectorizer(model, pooling="weighted", centred=True).fit(TEXTS)
    np.testing.assert_array_equal(copied(vectoriser).transform(TEXTS), vectoriser.transform(TEXTS))
    assert copied(ElmoVectorizer(model)).get_params()["pooling"] == "mean"


def test_parallel_cross_validation_gives_what_one_process_gives(elmo):
    classifier = ElmoClassifier(elmo, penalty=0.1)
    one, two = (cross_val_score(classifier, TEXTS, LABELS, cv=2, n_jobs=n) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_a_table_of_one_column_is_that_column(elmo, fitted):
    expected = fitted.predict_proba(TEXTS)
    for given in (FRAME[["text"]], FRAME["text"], {"text": TEXTS}, FRAME[["text"]].to_numpy(), iter(TEXTS)):
        np.testing.assert_array_equal(fitted.predict_proba(given), expected)
    own = ElmoVectorizer(elmo).fit(FRAME[["text"]])
    np.testing.assert_array_equal(own.transform(FRAME[["text"]]), own.transform(TEXTS))
    with pytest.raises(InputError, match="2 columns"):
        fitted.predict(FRAME)
    with pytest.warns(DataConversionWarning, match="only column is taken"):
        again = ElmoClassifier(elmo, penalty=0.1).fit(FRAME[["text"]], FRAME[["label"]])
    np.testing.assert_array_equal(again.predict_proba(TEXTS), expected)


def test_vectors_as_a_table_keep_rows_and_names(elmo):
    table = ElmoVectorizer(elmo).set_output(transform="pandas").fit_transform(FRAME["text"])
    assert table.index.tolist() == FRAME.index.tolist()
    assert table.columns[:2].tolist() == ["elmo0", "elmo1"]
    for columns in ("text", ["text"]):
        both = make_column_transformer((ElmoVectorizer(elmo), columns)).fit(FRAME)
        assert both.transform(FRAME).shape == (24, elmo.dim)
        assert both.get_feature_names_out()[0] == "elmovectorizer__elmo0"


def test_settings_may_be_numbers_of_numpy(elmo, tmp_path):
    layers = elmo.embed(TEXTS)
    grid = {"mix": np.arange(2), "penalty": np.array([0.1, 1.0]), "max_characters": np.linspace(100, 200, 1)}
    found = GridSearchCV(ElmoClassifier(elmo), grid, cv=2).fit(layers, LABELS).best_estimator_
    attention = {"dropout": np.float32(0), "max_epochs": np.int64(1), "patience": np.float64(1)}
    options = {"head": "attention", "validation_share": np.float64(0.3), "random_state": np.int64(3)}
    other = ElmoClassifier(elmo, **attention, **options).fit(layers, LABELS)
    for classifier in (found, other):
        save_classifier(classifier, tmp_path / f"{classifier.head}.zip")
        loaded = load_classifier(tmp_path / f"{classifier.head}.zip")
        np.testing.assert_array_equal(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS))
        assert loaded.get_params()["mix"] == classifier.mix
    assert ElmoVectorizer(elmo, layer=np.float64(1), max_characters=np.int32(9)).fit_transform(TEXTS).any()


@pytest.mark.parametrize(
    "options",
    [
        {"mix": 1.5}, {"mix": True}, {"mix": None}, {"mix": 9}, {"max_characters": 0.5}, {"patience": "9"},
        {"penalty": "strong"}, {"dropout": 1}, {"max_epochs": 1.5}, {"patience": 0}, {"validation_share": 1},
        {"class_weight": "even"}, {"class_weight": [1, 2]}, {"class_weight": {"ugly": 2}},
        {"random_state": -1}, {"time_limit_s": 0}, {"head": 3},
    ],
)  # fmt: skip
def test_impossible_settings_get_one_sentence(elmo, options):
    with pytest.raises(ConfigError):
        ElmoClassifier(elmo, **options).fit(elmo.embed(TEXTS), LABELS)


def test_seeds_from_generators(elmo, tmp_path):
    layers = elmo.embed(TEXTS)
    make = ElmoClassifier(elmo, head="attention", max_epochs=1, penalty=0.1)
    for new in (np.random.RandomState, np.random.default_rng):
        one, two = (clone(make).set_params(random_state=new(5)).fit(layers, LABELS) for _ in range(2))
        np.testing.assert_array_equal(one.predict_proba(layers), two.predict_proba(layers))
        assert clone(one).fit(layers, LABELS).seed_ == clone(one).fit(layers, LABELS).seed_
    free = clone(make).set_params(random_state=None).fit(layers, LABELS)
    again = clone(make).set_params(random_state=free.seed_).fit(layers, LABELS)
    np.testing.assert_array_equal(free.predict_proba(layers), again.predict_proba(layers))
    save_classifier(free, tmp_path / "free.zip")
    assert load_classifier(tmp_path / "free.zip").random_state == free.seed_


@pytest.mark.parametrize("labels", [["b", "a", "c"], [1, 0, -1], [True, False, False], [2.0, 1.0, 3.0]])
def test_labels_come_back_as_they_were_given(elmo, labels, tmp_path):
    layers = elmo.embed(TEXTS)
    classifier = ElmoClassifier(elmo, penalty=0.01).fit(layers, [labels[row % 3] for row in range(24)])
    assert classifier.classes_.tolist() == sorted(set(labels))
    found = classifier.predict(layers).tolist()
    assert {type(one) for one in found} == {type(labels[0])}
    save_classifier(classifier, tmp_path / "any.zip")
    assert load_classifier(tmp_path / "any.zip").predict(layers).tolist() == found


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["plain", "sample_weight", "balanced", "dict"])
def test_probabilities_are_those_of_logistic_regression(elmo, kind, n_classes):
    layers = embed_texts(elmo, TEXTS)
    rng = np.random.default_rng(0)
    labels = np.array([f"class {row % n_classes}" for row in range(24)])
    labels[:4] = "class 0"
    weights = rng.uniform(0.2, 3, 24) if kind == "sample_weight" else np.ones(24)
    balance = {"balanced": "balanced", "dict": {"class 1": 4.0}}.get(kind)
    options = {"head": "linear", "mix": 1, "penalty": 0.1, "calibrated": False, "class_weight": balance}
    own = ElmoClassifier(elmo, **options).fit(layers, labels, sample_weight=weights)
    inputs = own.head_.mix(own.head_.standardised(layers.means)).detach().numpy()
    codes = np.unique(labels, return_inverse=True)[1]
    by_class = np.ones(n_classes)
    if kind == "balanced":
        by_class = 24 / (n_classes * np.bincount(codes))
    elif kind == "dict":
        by_class[1] = 4.0
    all_weights = weights * by_class[codes]
    other = LogisticRegression(C=1 / (0.1 * all_weights.sum()), tol=1e-9, max_iter=10_000)
    other.fit(inputs, labels, sample_weight=all_weights)
    if n_classes == 2:  # two weights of size w/2 are penalised half as much as one of size w
        other.set_params(C=2 / (0.1 * all_weights.sum())).fit(inputs, labels, sample_weight=all_weights)
    np.testing.assert_allclose(own.predict_proba(layers), other.predict_proba(inputs), atol=2e-3)
    np.testing.assert_allclose(own.predict_log_proba(layers), other.predict_log_proba(inputs), atol=0.05)
    expected = other.decision_function(inputs)
    if n_classes > 2:
        expected = expected - expected.mean(axis=1, keepdims=True)
    found = own.decision_function(layers)
    found = found if n_classes == 2 else found - found.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert own.score(layers, labels, sample_weight=weights) == other.score(inputs, labels, weights)


@pytest.mark.parametrize(
    "options", [{}, {"head": "linear", "words": True}, {"head": "attention", "max_epochs": 3}]
)
def test_weights_of_texts_count_up_to_a_factor_and_0_leaves_out(elmo, options):
    layers = embed_texts(elmo, TEXTS, keep_tokens=True)
    weights = np.array([0.0, 1, 2] * 8)
    kept = np.flatnonzero(weights)
    labels = np.array(LABELS)
    make = ElmoClassifier(elmo, penalty=0.1, **options)
    one = make.fit(layers, labels, sample_weight=weights).predict_proba(layers)
    two = clone(make).fit(layers, labels, sample_weight=4 * weights).predict_proba(layers)
    three = (
        clone(make).fit(layers.take(kept), labels[kept], sample_weight=weights[kept]).predict_proba(layers)
    )
    np.testing.assert_allclose(one, two, atol=1e-5)
    np.testing.assert_array_equal(one, three)
    even = clone(make).fit(layers, labels).predict_log_proba(layers)
    assert not np.allclose(np.log(one), even)
    with pytest.raises(InputError, match="at least two classes"):
        make.fit(layers, labels, sample_weight=labels == "good")


def test_trainings_at_once_have_the_bits_of_one_after_the_other(elmo):
    """As two jobs of the app; a further thread draws from torch's generator all the time."""
    tokens = [text.split() for text in TEXTS]
    tags = [["O"] * (len(words) - 1) + ["B-END"] for words in tokens]

    def attend(seed):
        model = ElmoClassifier(elmo, head="attention", static=None, max_epochs=3, random_state=seed)
        return model.fit(TEXTS, LABELS).predict_proba(TEXTS)

    def tune(seed):
        model = ElmoClassifier(elmo, penalty=0.1, static=None, fine_tune=True, random_state=seed)
        return model.fit(TEXTS, LABELS).predict_proba(TEXTS)

    def tag(seed):
        tagger = ElmoTagger(elmo, static=None, max_epochs=3, random_state=seed).fit(tokens, tags)
        return np.array([epoch.train_loss for epoch in tagger.history_])

    works = [partial(attend, 0), partial(attend, 1), partial(tag, 0), partial(tag, 1), partial(tune, 0)]
    with ThreadPoolExecutor(1) as pool:
        one_after_the_other = list(pool.map(lambda work: work(), works))
    is_over = threading.Event()

    def disturb():
        while not is_over.wait(0.001):
            torch.rand(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        noise = pool.submit(disturb)
        at_once = list(pool.map(lambda work: work(), works))
        is_over.set()
        noise.result()
    for alone, beside in zip(one_after_the_other, at_once, strict=True):
        np.testing.assert_array_equal(beside, alone)
    assert not np.array_equal(at_once[0], at_once[1])  # another seed
