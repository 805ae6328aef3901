"""A transformer wherever a biLM is taken: estimators, comparisons, files, commands; or one clear sentence."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core import ElmoClassifier, ElmoTagger, ElmoVectorizer, load_encoder
from elmo_core.__main__ import app
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.learning.tags.results import LOOK_UP, STATIC
from elmo_core.learning.tags.sentences import TaggedSentences
from elmo_core.learning.tags.task import TagComparisonSettings, TagTask, usual_methods
from elmo_core.learning.texts.saving import load_classifier, save_classifier
from elmo_core.learning.workflow import compare_taggers
from elmo_core.lessons.measures import Measures
from elmo_core.own_models import add_model
from elmo_core.serving.shared import load_shared
from elmo_core.weights.registry import MODELS_VARIABLE, find_model

TEXTS = ["the river raised the bank", "bank rates raised !", "river bank", "rates and banks !"] * 4
LABELS = ["a", "b", "a", "b"] * 4


@pytest.fixture(scope="module")
def encoder(random_bert: Path):
    return load_encoder(random_bert, device="cpu")


def run(*arguments: object):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_classifier_on_a_transformer_is_saved_and_found_again(encoder, random_bert: Path, tmp_path: Path):
    classifier = ElmoClassifier(encoder, head="linear", static=None, max_epochs=3).fit(TEXTS, LABELS)
    expected = classifier.predict_proba(TEXTS)
    save_classifier(classifier, tmp_path / "saved")
    again = load_classifier(tmp_path / "saved")
    assert again.model == str(random_bert)
    for one in (again, pickle.loads(pickle.dumps(classifier))):
        np.testing.assert_allclose(one.predict_proba(TEXTS), expected, atol=1e-6)
    other = Path(shutil.copytree(random_bert, tmp_path / "other"))
    (other / "tokenizer.json").write_text((other / "tokenizer.json").read_text().replace("river", "stone"))
    with pytest.raises(ModelError, match="not the biLM this classifier was trained on"):
        load_classifier(tmp_path / "saved", model=other)


def test_vectors_and_tags(encoder):
    vectors = ElmoVectorizer(encoder, layer=-1).fit_transform(TEXTS)
    wanted = np.stack([found.layers[-1].mean(axis=0) for found in encoder.embed(TEXTS)])
    np.testing.assert_allclose(vectors, wanted, atol=1e-6)
    words = [text.split() for text in TEXTS]
    tags = [["B-PLACE" if word == "bank" else "O" for word in sentence] for sentence in words]
    tagger = ElmoTagger(encoder, head="token", max_epochs=1).fit(words, tags)
    assert [len(one) for one in tagger.predict(words)] == [len(one) for one in words]
    tokens, spans = tuple(map(tuple, words)), tuple(map(tuple, tags))
    data = TaggedSentences("texts", tokens, spans, (0,) * len(TEXTS), "BIO")
    task = TagTask(encoder, data, data, TagComparisonSettings(methods=(LOOK_UP, STATIC)))
    assert "no static vectors of its own" in list(compare_taggers(task))[-1].reason
    assert STATIC not in usual_methods(encoder)


def test_many_ask_at_once_and_a_text_is_computed_once(random_bert: Path):
    shared, plain = load_shared(random_bert), load_encoder(random_bert)
    for _ in range(2):
        for one, other in zip(shared.embed(TEXTS), plain.embed(TEXTS), strict=True):
            np.testing.assert_allclose(one.layers, other.layers, atol=1e-6)
    assert shared.fingerprint == plain.fingerprint


@pytest.mark.parametrize("packed", [False, True])
def test_a_transformer_is_taken_into_the_users_models(
    random_bert: Path, encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    source = Path(shutil.make_archive(str(tmp_path / "bert"), "zip", random_bert)) if packed else random_bert
    entry = add_model(source, "mine")
    assert (entry.transformer, entry.memory_bytes) == ("bert", 4 * encoder.n_parameters)
    found = load_encoder("mine")
    assert (found.reference, found.fingerprint) == ("mine", encoder.fingerprint)
    assert not any(file.suffix in (".bin", ".pkl") for file in (tmp_path / "models" / "mine").iterdir())
    (tmp_path / "models" / "mine" / "model.safetensors").write_bytes(b"\x00" * 99)
    damaged = find_model("mine")
    assert damaged is not None and damaged.memory_bytes == 0
    with pytest.raises(ModelError, match="cannot be read as a transformer"):
        load_encoder("mine")


def test_a_damaged_one_adds_nothing(random_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    source = Path(shutil.copytree(random_bert, tmp_path / "source"))
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    with pytest.raises(ModelError, match="could run code"):
        add_model(source, "mine")
    assert not (tmp_path / "models").exists()


def test_commands_take_its_folder(random_bert: Path, encoder, tmp_path: Path):
    text = tmp_path / "text.txt"
    text.write_text("\n".join(TEXTS))
    assert run("embed", random_bert, text, tmp_path / "vectors.hdf5").exit_code == 0
    with h5py.File(tmp_path / "vectors.hdf5") as file:
        np.testing.assert_allclose(file["0"][:], encoder.embed([TEXTS[0]])[0].layers, atol=1e-6)
    facts = json.loads(run("info", random_bert, "--json").stdout)
    assert (facts["layers"], facts["width"], facts["predicts"]) == (4, 16, 11)
    built = run("index", random_bert, tmp_path / "index", "--text", text)
    assert built.exit_code == 0, built.output
    found = run("find", random_bert, tmp_path / "index", TEXTS[0], "bank")
    assert "[bank]" in found.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "MODEL", "TEXT"), "a biLM is needed here"),
        (("export", "MODEL", "OUT"), "a biLM is needed here"),
        (("embed", "MODEL", "TEXT", "OUT", "--state", "carry", "--batch-size", "2"), "carries no state"),
        (("embed", "MODEL", "TEXT", "OUT", "--dtype", "bfloat16"), "computes in float32"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(random_bert: Path, tmp_path: Path, arguments, message):
    text = tmp_path / "text.txt"
    text.write_text("the bank")
    places = {"MODEL": random_bert, "TEXT": text, "OUT": tmp_path / "out.hdf5"}
    result = run(*(places.get(one, one) for one in arguments))
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.output and not (tmp_path / "out.hdf5").exists()


def test_a_lesson_on_two_directions_says_what_is_missing(encoder):
    with pytest.raises(Exception, match="reads both sides"):
        Measures(encoder).silhouette(word="bank", of="re-paired contexts")


def test_a_number_format_of_bilms_is_refused(random_bert: Path):
    with pytest.raises(ConfigError, match="computes in float32"):
        load_encoder(random_bert, dtype="bfloat16")
