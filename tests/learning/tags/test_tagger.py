"""ElmoTagger: scikit-learn's manners, learning, probabilities, and the way to the disk and back."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.utils import estimator_checks as checks

from elmo_core import ElmoTagger
from elmo_core.exceptions import CancelledError, ConfigError, ElmoError, InputError, ModelError
from elmo_core.learning.tags.prediction import tag_data, tag_stream
from elmo_core.learning.tags.saving import load_facts, load_tagger, save_tagger
from elmo_core.learning.tags.schemes import n_illegal, spans_of
from elmo_core.learning.tags.token_data import embed_tokens
from elmo_core.learning.tags.writing import to_conll, to_jsonl

PEOPLE = [["Ann", "Lee"], ["Bob"], ["Cara", "Day"], ["Dan"]]
PLACES = [["Oslo"], ["New", "York"], ["Rome"]]
SENTENCES, TAGS = [], []
for person, place in itertools.product(PEOPLE, PLACES):
    SENTENCES += [[*person, "lives", "in", *place, "."], ["In", *place, ",", *person, "sleeps"]]
    who, where = (
        [f"{'B' if at == 0 else 'I'}-{label}" for at in range(len(words))]
        for words, label in ((person, "PER"), (place, "LOC"))
    )
    TAGS += [[*who, "O", "O", *where, "O"], ["O", *where, "O", *who, "O"]]
SETTINGS = {
    "hidden": 24,
    "dropout": 0.1,
    "learning_rate": 0.01,
    "batch_size": 4,
    "max_epochs": 12,
    "patience": 12,
}


class Vectors(dict):
    """Static vectors of a user's own."""

    vector_size = 5


@pytest.fixture(scope="module")
def data(elmo):
    return embed_tokens(elmo, SENTENCES)


@pytest.fixture(scope="module")
def fitted(elmo, data):
    return ElmoTagger("tiny", **SETTINGS).fit(data, TAGS)


@pytest.fixture(scope="module")
def static():
    words = sorted({word for sentence in SENTENCES for word in sentence})
    rng = np.random.default_rng(0)
    return Vectors({word.casefold(): rng.normal(size=5).astype(np.float32) for word in words})


@pytest.mark.parametrize(
    "check",
    [
        checks.check_no_attributes_set_in_init,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
        checks.check_estimator_repr,
    ],
)
def test_scikit_learns_own_checks(check):
    check("ElmoTagger", ElmoTagger("tiny"))


def test_unfitted_use_raises_both_libraries_error():
    for use in (ElmoTagger("tiny").predict, ElmoTagger("tiny").predict_marginals):
        for kind in (NotFittedError, ElmoError, ValueError):
            with pytest.raises(kind, match="not fitted"):
                use([["text"]])


def test_it_learns_and_predicts_legal_spans(fitted, elmo):
    assert fitted.score(SENTENCES, TAGS) > 0.9
    assert fitted.tags_[0] == "O"
    assert set(fitted.head_.tags.labels) == {"PER", "LOC"}
    assert sum(fitted.layer_weights_) == pytest.approx(1)
    assert len(set(np.round(fitted.layer_weights_, 5))) == elmo.n_layers
    assert all(n_illegal(tags, "BIO") == 0 for tags in fitted.predict([["Zed", "York", "x"]] * 3))


@pytest.mark.parametrize(
    "tags", [TAGS, [["X" if t == "O" else t[2:] for t in row] for row in TAGS]], ids=["spans", "plain"]
)
@pytest.mark.parametrize("head", ["lstm", "token"])
def test_the_same_seed_gives_the_same_tagger(elmo, data, head, tags):
    first, second = (
        ElmoTagger(elmo, **{**SETTINGS, "max_epochs": 2}, head=head).fit(data, tags) for _ in range(2)
    )
    for a, b in zip(first.predict_marginals(data), second.predict_marginals(data), strict=True):
        np.testing.assert_array_equal(a, b)


def test_neighbours_in_the_batch_change_nothing(fitted):
    together = fitted.predict_marginals([*SENTENCES, [], ["x"] * 60])
    assert together[-2].shape == (0, len(fitted.tags_))
    np.testing.assert_allclose(together[5], fitted.predict_marginals([SENTENCES[5]])[0], atol=1e-6)
    np.testing.assert_allclose(together[5].sum(axis=1), 1, atol=1e-9)
    assert fitted.predict([]) == []
    assert fitted.predict([[], SENTENCES[0]])[0] == []


def test_probabilities_of_spans(fitted, data):
    tagged = tag_data(fitted, data)
    marginals = fitted.predict_marginals(data)
    for one, own in zip(tagged, marginals, strict=True):
        assert [found.span for found in one.found] == spans_of(one.tags)
        for found in one.found:
            letters = "S" if found.span.end - found.span.start == 1 else "B"
            first = own[found.span.start, fitted.tags_.index(f"{letters}-{found.span.label}")]
            assert 0 <= found.probability <= first + 1e-6
            if letters == "S":
                assert found.probability == pytest.approx(first, abs=1e-6)
    streamed = list(tag_stream(fitted, iter(SENTENCES)))
    assert [one.tags for one in streamed] == [one.tags for one in tagged]
    lines = "".join(to_conll(streamed)).split("\n\n")
    assert lines[0].split("\n")[0] == f"Ann\t{streamed[0].tags[0]}"
    value = json.loads(next(iter(to_jsonl(streamed))))
    assert value["spans"][0]["text"] == "Ann Lee"


@pytest.mark.parametrize("mix", ["uniform", 0, -1, "none"])
def test_mixes(elmo, data, static, mix):
    tagger = ElmoTagger(elmo, mix=mix, static=static if mix == "none" else None, **SETTINGS).fit(data, TAGS)
    assert tagger.score(data, TAGS) > 0.8
    expected = {"uniform": (1 / 3,) * 3, 0: (1, 0, 0), -1: (0, 0, 1), "none": (0, 0, 0)}[mix]
    assert tagger.layer_weights_ == pytest.approx(expected)
    if mix == "none":
        assert (
            ElmoTagger(elmo, mix="none", static="output", max_epochs=1)
            .fit(SENTENCES, TAGS)
            .predict(SENTENCES)
        )


def test_word_classes_are_an_input(elmo):
    words = [["a", "b"], ["b", "a"]] * 8
    classes = [["N", "V"], ["V", "N"]] * 4 + [["V", "N"], ["N", "V"]] * 4
    with_classes = embed_tokens(elmo, words, word_classes=classes)
    tagger = ElmoTagger(elmo, head="token", **{**SETTINGS, "max_epochs": 40, "patience": 40}).fit(
        with_classes, classes
    )
    assert tagger.score(with_classes, classes) == 1.0
    assert ElmoTagger(elmo, head="token", **SETTINGS).fit(words, classes).score(words, classes) < 0.9
    with pytest.raises(InputError, match="word classes"):
        tagger.predict(words)


def test_cross_validation_and_clones(elmo):
    tagger = ElmoTagger(elmo, **SETTINGS)
    assert clone(tagger).get_params() == tagger.get_params()
    assert clone(tagger).model is elmo
    assert cross_val_score(tagger, SENTENCES, TAGS, cv=2).mean() > 0.3


def test_epochs_are_told_and_errors_of_the_listener_stop_the_work(elmo, data):
    told = []
    tagger = ElmoTagger(elmo, **{**SETTINGS, "max_epochs": 3}).fit(
        data, TAGS, validation=(data, TAGS), on_epoch=told.append
    )
    assert tuple(told) == tagger.history_
    assert [epoch.number for epoch in told] == [1, 2, 3]

    def stop(doing, share):
        raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        ElmoTagger(elmo).fit(data, TAGS, report=stop)


def test_many_tokens_are_mapped_from_a_file(elmo, fitted, data, monkeypatch):
    monkeypatch.setattr("elmo_core.learning.text_layers._MOST_IN_MEMORY", 100)
    mapped = embed_tokens(elmo, SENTENCES)
    assert isinstance(mapped.layers.tokens.base, np.memmap) or isinstance(mapped.layers.tokens, np.memmap)
    np.testing.assert_array_equal(mapped.layers.tokens, data.layers.tokens)
    assert fitted.predict(mapped) == fitted.predict(data)


@pytest.mark.parametrize(
    ("sentences", "tags", "message"),
    [
        (["one string"], [["O"]], "Sentence 0 is a str"),
        (SENTENCES, TAGS[:-1], "lists of tags"),
        ([["a", "b"]], [["O"]], "2 tokens but 1 tags"),
        ([["a"], [3]], [["O"], ["O"]], "tokens must be strings"),
        ([["a"], ["b"]], [["O"], [None]], "no string or empty"),
        ([["a"], ["b"]], [["O"], ["O"]], "at least two tags"),
        ([[], ["x", "y"], ["a"]], [[], ["X", "X"], ["X"]], "All tokens have the tag 'X'"),
        ([[], []], [[], []], "No sentence has a token"),
        ([], [], "no sentence"),
    ],
)
def test_unusable_input_gets_one_sentence(sentences, tags, message):
    with pytest.raises(InputError, match=message):
        ElmoTagger("tiny").fit(sentences, tags)


@pytest.mark.parametrize(
    "setting",
    [
        {"mix": 3},
        {"mix": "best"},
        {"head": "deep"},
        {"hidden": 0},
        {"dropout": 1.0},
        {"mix": "none"},
        {"patience": 0},
    ],
)
def test_impossible_settings(setting):
    with pytest.raises(ConfigError):
        ElmoTagger("tiny", **setting).fit(SENTENCES, TAGS)


@pytest.mark.parametrize("name", ["folder", "tagger.zip"])
def test_to_the_disk_and_back(fitted, data, tmp_path, name):
    save_tagger(fitted, tmp_path / name, facts={"score": 0.5})
    save_tagger(fitted, tmp_path / name, facts={"score": 0.6})
    loaded = load_tagger(tmp_path / name)
    for a, b in zip(loaded.predict_marginals(data), fitted.predict_marginals(data), strict=True):
        np.testing.assert_array_equal(a, b)
    assert loaded.get_params() == fitted.get_params()
    assert loaded.layer_weights_ == fitted.layer_weights_
    assert load_facts(tmp_path / name) == {"score": 0.6}
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_own_static_vectors_must_be_given_again(elmo, static, data, tmp_path):
    tagger = ElmoTagger("tiny", static=static, **{**SETTINGS, "max_epochs": 1}).fit(data, TAGS)
    save_tagger(tagger, tmp_path / "saved")
    with pytest.raises(ModelError, match="give them as static"):
        load_tagger(tmp_path / "saved")
    with pytest.raises(ModelError, match="not the static vectors"):
        load_tagger(tmp_path / "saved", static=Vectors({",": np.ones(5, np.float32)}))
    assert load_tagger(tmp_path / "saved", static=static).predict(data) == tagger.predict(data)


def test_a_fresh_process_tags_the_same(fitted, tmp_path):
    save_tagger(fitted, tmp_path / "saved")
    assert {path.name for path in (tmp_path / "saved").iterdir()} == {
        "tagger.json", "head.safetensors", "tag.py", "README.md",
    }  # fmt: skip
    (tmp_path / "texts.txt").write_text("Ann Lee lives in New York .\n")
    code = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0])"
    arguments = [str(tmp_path / "saved" / "tag.py"), str(tmp_path / "texts.txt")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    first, *found = done.stdout.splitlines()
    assert first == "Ann Lee lives in New York ."
    (wanted,) = tag_stream(fitted, [first.split()])
    assert [line.split("\t")[0].strip() for line in found] == [one.span.label for one in wanted.found]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "head.safetensors").write_bytes(b"broken"), "damaged"),
        (lambda folder: (folder / "head.safetensors").unlink(), "a tagger needs this file"),
        (lambda folder: (folder / "tagger.json").write_text("{}"), "format"),
        (lambda folder: (folder / "tagger.json").write_text('{"format": 1}'), "incomplete"),
        (lambda folder: _replace(folder, '"PER"', '"PER", "X"'), "damaged or of another tagger"),
        (lambda folder: _replace(folder, '"sha256": "', '"sha256": "0'), "is not the biLM"),
        (
            lambda folder: _replace(folder, '"name": "tiny"', '"name": "tinny"'),
            "The biLM of this tagger is missing",
        ),
    ],
)
def test_damaged_taggers(fitted, tmp_path, damage, message):
    save_tagger(fitted, tmp_path / "saved")
    damage(tmp_path / "saved")
    with pytest.raises(ModelError, match=message):
        load_tagger(tmp_path / "saved")


def _replace(folder, old, new):
    path = folder / "tagger.json"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_spans_without_a_type_are_learned_saved_and_scored(elmo, data, tmp_path):
    tags = [[tag[0] for tag in row] for row in TAGS]
    tagger = ElmoTagger(elmo, **SETTINGS).fit(data, tags)
    assert tagger.tags_ == ("O", "B", "I", "E", "S")
    assert tagger.score(SENTENCES, tags) > 0.9
    assert {tag for row in tagger.predict(SENTENCES) for tag in row} == {"B", "I", "O"}
    save_tagger(tagger, tmp_path / "saved")
    assert load_tagger(tmp_path / "saved", model=elmo).predict(SENTENCES) == tagger.predict(SENTENCES)


def test_another_spelling_gives_the_same_tagger(elmo, data):
    tags = [[tag if tag == "O" else f"{tag[2:]}_{tag[0]}" for tag in row] for row in TAGS]
    first, second = (
        ElmoTagger(elmo, **{**SETTINGS, "max_epochs": 2}).fit(data, rows) for rows in (TAGS, tags)
    )
    assert first.predict(SENTENCES) == second.predict(SENTENCES)
    assert first.score(SENTENCES, tags) == second.score(SENTENCES, TAGS)
