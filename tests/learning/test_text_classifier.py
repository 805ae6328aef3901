"""ElmoVectorizer and ElmoClassifier: scikit-learn's manners, learning, and the way to the disk and back."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks

from elmo_core import ElmoClassifier, ElmoVectorizer, load_elmo
from elmo_core.exceptions import CancelledError, ConfigError, ElmoError, InputError, ModelError
from elmo_core.learning.calibration import fit_product, fit_temperature
from elmo_core.learning.text_layers import embed_texts
from elmo_core.learning.texts.saving import load_classifier, save_classifier
from elmo_core.weights.folder import write_folder
from elmo_core.weights.registry import load_model

GOOD = ["a fine cup of tea", "what a lovely warm place", "fine cakes and a lovely view", "lovely tea"]
BAD = ["cold soup !", "the soup was cold and the waiter rude !", "a rude waiter !", "cold and rude !"]
TEXTS = [f"{text} {n}" for n in range(5) for text in GOOD + BAD]
LABELS = ["good"] * 4 + ["bad"] * 4
LABELS = LABELS * 5


@pytest.fixture(scope="module")
def fitted(elmo):
    return ElmoClassifier(elmo).fit(TEXTS, LABELS)


@pytest.mark.parametrize("estimator", [ElmoVectorizer("tiny"), ElmoClassifier("tiny")])
@pytest.mark.parametrize(
    "check",
    [
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_estimator_repr,
        checks.check_mixin_order,
        checks.check_valid_tag_types,
    ],
)
def test_scikit_learns_own_checks(estimator, check):
    check(type(estimator).__name__, estimator)


@pytest.mark.parametrize("estimator", [ElmoVectorizer("tiny"), ElmoClassifier("tiny")])
def test_unfitted_use_raises_both_libraries_error(estimator):
    use = estimator.predict if hasattr(estimator, "predict") else estimator.transform
    for kind in (NotFittedError, ElmoError, ValueError):
        with pytest.raises(kind, match="not fitted"):
            use(["text"])


def test_clone_shares_the_model(elmo):
    estimator = ElmoClassifier(elmo, mix=1, penalty=0.5)
    copy = clone(estimator)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()
    assert copy.model is elmo


@pytest.mark.parametrize("pooling", ["mean", "max", "weighted"])
@pytest.mark.parametrize("layer", ["uniform", 0, -1, (1, 0, 1)])
def test_vectors(elmo, pooling, layer):
    vectoriser = ElmoVectorizer(elmo, pooling=pooling, layer=layer)
    vectors = vectoriser.fit_transform([*TEXTS[:8], ""])
    assert vectors.shape == (9, elmo.dim)
    assert vectors.dtype == np.float32
    assert not vectors[-1].any()
    np.testing.assert_array_equal(vectors, vectoriser.fit([*TEXTS[:8], ""]).transform([*TEXTS[:8], ""]))
    np.testing.assert_array_equal(vectors[:8], vectoriser.transform(elmo.embed(TEXTS[:8])))
    assert len(vectoriser.get_feature_names_out()) == elmo.dim
    if pooling == "mean" and layer == 0:
        np.testing.assert_allclose(vectors[0], elmo.embed([TEXTS[0]])[0].layers[0].mean(axis=0), rtol=1e-5)


def test_centred_vectors_have_mean_zero(elmo):
    vectors = ElmoVectorizer(elmo, centred=True).fit_transform(TEXTS)
    np.testing.assert_allclose(vectors.mean(axis=0), 0, atol=1e-6)


def test_pipelines_cross_validation_and_grids(elmo):
    pipeline = make_pipeline(ElmoVectorizer(elmo), LogisticRegression())
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=2).mean() > 0.7
    cached = elmo.embed(TEXTS)  # the biLM runs once
    assert cross_val_score(ElmoClassifier(elmo), cached, LABELS, cv=2).mean() > 0.7
    grid = GridSearchCV(ElmoClassifier(elmo, penalty=0.1), {"mix": [0, "learned"]}, cv=2).fit(cached, LABELS)
    assert grid.best_params_["mix"] in (0, "learned")


@pytest.mark.parametrize("head", ["product", "linear", "attention"])
@pytest.mark.parametrize("mix", ["learned", "uniform", 0])
def test_it_learns(elmo, head, mix):
    classifier = ElmoClassifier(elmo, head=head, mix=mix, max_epochs=12, dropout=0.1).fit(TEXTS, LABELS)
    found = classifier.predict_proba(TEXTS)
    assert classifier.classes_.tolist() == ["bad", "good"]
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert classifier.score(TEXTS, LABELS) > (0.6 if head == "attention" else 0.9)
    assert sum(classifier.layer_weights_) == pytest.approx(1)
    assert (classifier.layer_weights_[1] == 0) == (mix == 0)
    assert (len(set(np.round(classifier.layer_weights_, 6))) > 1) == (mix != "uniform")
    again = ElmoClassifier(elmo, head=head, mix=mix, max_epochs=12, dropout=0.1).fit(TEXTS, LABELS)
    np.testing.assert_array_equal(found, again.predict_proba(TEXTS))


@pytest.mark.parametrize("head", ["linear", "attention"])
def test_layers_embedded_once_give_the_same(elmo, head):
    layers = embed_texts(elmo, TEXTS, keep_tokens=True)
    classifier = ElmoClassifier(elmo, head=head, max_epochs=2)
    direct = classifier.fit(TEXTS, LABELS).predict_proba(TEXTS)
    np.testing.assert_array_equal(direct, clone(classifier).fit(layers, LABELS).predict_proba(layers))
    some = [7, 3, 20]
    np.testing.assert_allclose(direct[some], classifier.predict_proba(layers.take(some)), atol=1e-6)


def test_words_beside_a_head(elmo):
    """The probabilities are those of the product, and a head of noise is outweighed."""
    texts, labels = TEXTS * 2, LABELS * 2
    plain, both = (ElmoClassifier(elmo, head="linear", words=words) for words in (False, True))
    plain.fit(texts, labels)
    both.fit(texts, labels)
    own, other = plain.logits(texts), both.words_.logits([" ".join(one.tokens) for one in elmo.embed(texts)])
    np.testing.assert_allclose(both.logits(texts), own + both.words_weight_ * other)
    found = both.predict_proba(["lovely fine tea", "rude and cold"])
    assert (found.argmax(axis=1) == [1, 0]).all()
    rng = np.random.default_rng(0)
    gold, noise = rng.integers(0, 2, 400), rng.normal(size=(400, 2))
    signal = np.eye(2)[gold] * 2 + rng.normal(size=(400, 2))
    for prior in (0.0, 4.0):
        own, other = fit_product([noise, signal], gold, prior=prior)
        assert other > 5 * own
        assert other == pytest.approx(1 / fit_temperature(signal, gold), rel=0.1)
        assert fit_product([signal, noise], gold, prior=prior)[1] < 0.1


def test_a_language_without_blanks_counts_its_signs(elmo):
    texts = ["房间很好我很喜欢", "房间不好我不喜欢", "服务很好", "服务不好"] * 6
    both = ElmoClassifier(elmo).fit(texts, [1, 0, 1, 0] * 6)
    assert list(both.experts_.models) == ["words"]
    assert "不 好" in both.words_.vocabulary
    assert both.predict(["早餐不好", "早餐很好"]).tolist() == [0, 1]


def test_long_texts_are_read_in_windows(elmo):
    """The vectors are those of all windows, which end at a blank or at 2,000 characters."""
    text = "a fine cup of tea, " * 250 + "x" * 2100
    found = embed_texts(elmo, [text, "tea"], keep_tokens=True)
    assert "".join(found.words[0].split()) == "".join(text.split())
    ends = [text[:2000].rindex(" ") + 1]
    ends.append(text[: ends[0] + 2000].rindex(" ") + 1)
    ends.append(text.rindex(" ") + 1)
    parts = [
        text[a:b]
        for a, b in zip([0, *ends, ends[-1] + 2000], [*ends, ends[-1] + 2000, len(text)], strict=True)
    ]
    windows = elmo.embed(parts)
    joined = np.concatenate([one.layers for one in windows], axis=1)
    np.testing.assert_allclose(found.means[0], joined.mean(axis=1), atol=1e-5)
    np.testing.assert_allclose(found.maxima[0], joined.max(axis=1), atol=1e-5)
    assert found.lengths.tolist() == [joined.shape[1], 1]
    cut = embed_texts(elmo, [text, "tea"], max_characters=100)
    assert (cut.n_cut, found.n_cut) == (1, 0)
    np.testing.assert_allclose(cut.means[0], elmo.embed([text[:100]])[0].layers.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(
        ElmoVectorizer(elmo).fit_transform([text])[0], joined.mean(axis=(0, 1)), atol=1e-4
    )


def test_attention_reads_empty_texts(elmo):
    classifier = ElmoClassifier(elmo, head="attention", max_epochs=2).fit([*TEXTS, ""], [*LABELS, "bad"])
    assert np.isfinite(classifier.predict_proba(["", "fine tea"])).all()
    assert np.isfinite(classifier.predict_proba([""])).all()


def test_class_weights_help_the_rare_class(elmo):
    texts, labels = TEXTS[:40] + GOOD * 20, LABELS[:40] + ["good"] * 80
    make = ElmoClassifier(elmo, head="linear", penalty=1.0)
    plain = clone(make).set_params(class_weight=None).fit(texts, labels)
    balanced = make.fit(texts, labels)
    assert (balanced.predict(texts) == "bad").sum() > (plain.predict(texts) == "bad").sum()


def test_numbers_as_labels_and_odd_characters(elmo):
    classifier = ElmoClassifier(elmo).fit(["好吃 的 面", "不好", "\ud800 x", "🙂"] * 4, [0, 1, 0, 1] * 4)
    assert classifier.predict(["好"]).dtype.kind == "i"


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("one string", ["a"], "put it into a list"),
        (TEXTS, LABELS[:-1], "one label for each text"),
        (TEXTS, ["a"] * len(TEXTS), "at least two classes"),
        ([None, "a"], ["a", "b"], "1 of 2 texts is missing"),
        (np.zeros((2, 3)), ["a", "b"], "got an array"),
        (["a", "b"], [1.0, float("nan")], "1 of 2 labels is missing"),
        (["a", "b"], [None, "x"], "1 of 2 labels is missing"),
    ],
)
def test_unusable_input_gets_one_sentence(texts, labels, message):
    with pytest.raises(InputError, match=message):
        ElmoClassifier("tiny").fit(texts, labels)


@pytest.mark.parametrize(
    "setting",
    [
        {"mix": 3},
        {"mix": "best"},
        {"head": "deep"},
        {"penalty": -1.0},
        {"class_weight": {"a": 1}},
        {"dropout": 1.0},
        {"static": 5},
    ],
)
def test_impossible_settings(setting):
    with pytest.raises(ConfigError):
        ElmoClassifier("tiny", **setting).fit(TEXTS, LABELS)


def test_an_error_of_the_listener_stops_the_work(elmo):
    def stop(doing, share):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        ElmoClassifier(elmo).fit(TEXTS, LABELS, report=stop)


def test_time_limit_ends_training(elmo):
    classifier = ElmoClassifier(elmo, head="attention", max_epochs=500, patience=500, time_limit_s=0.2)
    assert len(classifier.fit(TEXTS, LABELS).history_) < 500


@pytest.mark.parametrize("name", ["folder", "model.zip"])
@pytest.mark.parametrize(
    "settings",
    [
        {"head": "linear", "words": True},
        {"head": "attention", "max_epochs": 3, "mix": 1},
        {"fine_tune": True},
    ],
)
def test_to_the_disk_and_back(elmo, tmp_path, name, settings):
    classifier = ElmoClassifier("tiny", **settings).fit(TEXTS, LABELS)
    save_classifier(classifier, tmp_path / name, facts={"macro_f1": 0.5})
    save_classifier(classifier, tmp_path / name)  # replaces an earlier one
    loaded = load_classifier(tmp_path / name)
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), classifier.predict_proba(TEXTS), atol=1e-9)
    assert loaded.get_params() == classifier.get_params()
    assert loaded.layer_weights_ == classifier.layer_weights_
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_fresh_process_gives_the_same_probabilities(tmp_path):
    classifier = ElmoClassifier("tiny", fine_tune=True).fit(TEXTS, LABELS)
    save_classifier(classifier, tmp_path / "saved")
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {
        "classifier.json", "head.safetensors", "words.txt", "characters.txt", "static.txt", "predict.py",
        "README.md",
    }  # fmt: skip
    script = (tmp_path / "saved" / "predict.py").read_text()
    assert len(script.splitlines()) < 20
    (tmp_path / "texts.txt").write_text(f"{TEXTS[0]}\n{TEXTS[4]}\n")
    code = (
        "import json, runpy, sys; from elmo_core.learning.texts.saving import load_classifier; "
        "folder, texts = sys.argv[1:3]; "
        "print(json.dumps(load_classifier(folder).predict_proba(json.loads(texts)).tolist())); "
        "sys.argv = sys.argv[2:]; runpy.run_path(folder + '/predict.py')"
    )
    arguments = [str(tmp_path / "saved"), json.dumps(TEXTS[:8]), str(tmp_path / "texts.txt")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    found, *predicted = done.stdout.splitlines()
    np.testing.assert_allclose(json.loads(found), classifier.predict_proba(TEXTS[:8]), atol=1e-6)
    assert [line.split("\t")[0] for line in predicted] == ["good", "bad"]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "head.safetensors").write_bytes(b"broken"), "damaged"),
        (lambda folder: (folder / "head.safetensors").unlink(), "needs this file"),
        (lambda folder: (folder / "words.txt").unlink(), "needs this file"),
        (lambda folder: (folder / "words.txt").write_text("a\nb\n"), "does not fit together"),
        (lambda folder: (folder / "words.txt").write_bytes(b"\xff"), "not UTF-8"),
        (lambda folder: (folder / "classifier.json").write_text("{}"), "format"),
        (lambda folder: (folder / "classifier.json").write_text('{"format": 1}'), "incomplete"),
        (
            lambda folder: (folder / "classifier.json").write_text(
                (folder / "classifier.json").read_text().replace('"sha256": "', '"sha256": "0')
            ),
            "is not the biLM",
        ),
        (
            lambda folder: (folder / "classifier.json").write_text(
                (folder / "classifier.json").read_text().replace('"name": "tiny"', '"name": "tinny"')
            ),
            "The biLM of this classifier is missing",
        ),
    ],
)
def test_damaged_classifiers(fitted, tmp_path, damage, message):
    classifier = clone(fitted).set_params(model="tiny").fit(TEXTS, LABELS)
    save_classifier(classifier, tmp_path / "saved")
    damage(tmp_path / "saved")
    with pytest.raises(ModelError, match=message):
        load_classifier(tmp_path / "saved")


def test_a_model_object_is_saved_by_its_name_or_path(elmo, fitted, tmp_path):
    save_classifier(fitted, tmp_path / "named")
    assert json.loads((tmp_path / "named" / "classifier.json").read_text())["model"]["name"] == "tiny"
    write_folder(load_model("tiny"), tmp_path / "own", dtype="float32")
    other = ElmoClassifier(load_elmo(tmp_path / "own")).fit(TEXTS, LABELS)
    save_classifier(other, tmp_path / "saved")
    loaded = load_classifier(tmp_path / "saved")
    assert loaded.model == str(tmp_path / "own")
    np.testing.assert_allclose(loaded.predict_proba(TEXTS), other.predict_proba(TEXTS), atol=1e-9)


def test_saving_into_strange_places(fitted, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match=r"notes\.txt"):
        save_classifier(fitted, tmp_path)
    with pytest.raises(ModelError, match="no classifier"):
        load_classifier(tmp_path / "nothing")
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as file:
        file.writestr("../evil.json", "{}")
    with pytest.raises(ModelError, match="unsafe"):
        load_classifier(tmp_path / "bad.zip")
