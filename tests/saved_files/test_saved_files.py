"""Files that earlier versions saved are read by this one, and answer as they did."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.exceptions import ModelError
from elmo_core.index.building import build_use_index
from elmo_core.index.use_index import UseIndex
from elmo_core.learning.tags.saving import load_tagger
from elmo_core.learning.texts.saving import load_classifier
from elmo_core.pretraining.cache import open_corpus
from elmo_core.pretraining.snapshot import read_snapshot
from elmo_core.pretraining.trainer import Trainer
from tests.pretraining.corpora import small_settings
from tests.saved_files.write import CORPUS, NEW_TEXTS, POSITION, QUERY, SENTENCES

DAYS = sorted(path for path in Path(__file__).parent.iterdir() if (path / "expected.json").is_file())


@pytest.fixture(params=DAYS, ids=lambda day: day.name)
def saved(request, tmp_path) -> Path:
    """A copy of the files of one version, with what they answered then."""
    return shutil.copytree(request.param, tmp_path / "saved")


def expected(saved: Path, kind: str):
    return json.loads((saved / "expected.json").read_text(encoding="utf-8"))[kind]


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_file_of_the_other_kind_is_told_from_a_damaged_one(saved, is_zip):
    for name, load in (("classifier", load_tagger), ("tagger", load_classifier)):
        path = saved / f"{name}.zip"
        if not is_zip:
            shutil.unpack_archive(path, path := saved / name)
        with pytest.raises(ModelError, match=f"{name}(.zip)? holds a {name}, and a .* is needed here"):
            load(path)


def test_a_message_names_the_archive_and_not_where_it_was_unpacked(saved):
    with zipfile.ZipFile(saved / "classifier.zip") as file:
        members = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(saved / "cut.zip", "w") as file:
        for name, content in members.items():
            file.writestr(name, content[:20] if name == "classifier.json" else content)
    with pytest.raises(ModelError) as error:
        load_classifier(saved / "cut.zip")
    assert f"{saved / 'cut.zip'}" in str(error.value)


def test_a_classifier_predicts_as_it_did(saved):
    probabilities = load_classifier(saved / "classifier.zip").predict_proba(NEW_TEXTS)
    np.testing.assert_allclose(probabilities, expected(saved, "classifier"), atol=1e-5)


def test_a_tagger_tags_as_it_did(saved):
    tags = load_tagger(saved / "tagger.zip").predict(SENTENCES[:4])
    assert [list(sentence) for sentence in tags] == expected(saved, "tagger")


@pytest.mark.parametrize(("name", "script"), [("classifier.zip", "predict.py"), ("tagger.zip", "tag.py")])
def test_the_scripts_beside_them_find_what_they_import(saved, name, script):
    with zipfile.ZipFile(saved / name) as archive:
        lines = archive.read(script).decode().splitlines()
    exec("\n".join(line for line in lines if line.startswith("from elmo_core")), {})


def test_cells_copied_from_earlier_versions_find_what_they_import():
    from elmo_core.analysis.layers.labelled import label_uses
    from elmo_core.analysis.maps.projecting import MapSettings
    from elmo_core.analysis.reading import read_column
    from elmo_core.analysis.senses import study_uses
    from elmo_core.tasks.comparison import compare_methods
    from elmo_core.tasks.dataset import prepare
    from elmo_core.tasks.results import ComparisonSettings
    from elmo_core.tasks.tagging.sentences import tagged_sentences
    from elmo_core.tasks.verdict import verdict

    assert all((label_uses, MapSettings, read_column, study_uses))
    assert all((compare_methods, prepare, ComparisonSettings, tagged_sentences, verdict))


def test_a_model_folder_gives_its_vectors(saved):
    layers = load_elmo(saved / "model").embed([QUERY])[0].layers
    np.testing.assert_allclose(layers[:, POSITION, :4], expected(saved, "model"), atol=1e-6)


def test_an_index_finds_what_it_found(saved):
    layers = load_elmo("tiny").embed([QUERY])[0].layers[:, POSITION]
    assert [use.word for use in UseIndex(saved / "index").nearest(layers, 3)] == expected(saved, "index")


def test_a_complete_index_is_not_built_again(saved):
    n_uses = UseIndex(saved / "index").n_uses
    assert build_use_index(load_elmo("tiny"), CORPUS, saved / "index", corpus="saved").n_uses == n_uses


def test_a_run_goes_on_from_its_checkpoint(saved):
    corpus = open_corpus(str(saved / "corpus.txt"), saved / "cache", tokenised=True)
    valid = [corpus.words(index) for index in range(20)]
    rows = list(Trainer(small_settings(), corpus, valid, saved / "run", resume=True).run())
    assert rows[0].step == 25 and rows[-1].step == 40
    assert all(np.isfinite(row.loss) for row in rows)


def test_the_model_of_a_run_is_read(saved):
    assert read_snapshot(saved / "run").model is not None
