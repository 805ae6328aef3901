"""The server's entry: environment, pages, warm-up."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import SupportsIndex

import pytest

from elmo_core.weights.registry import known_models
from pages import warmup
from pages.common import chosen_model, loaders
from pages.common.chosen_model import model_name
from pages.common.loaders import sample
from pages.common.sense_data import UseQuery, find, study
from tests.pages.driver import open_page

ROOT = Path(__file__).parents[2]


def test_the_entry_sets_the_environment_before_torch_is_imported():
    code = "import os, sys, app; print(os.environ['OMP_NUM_THREADS'], 'torch' in sys.modules)"
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["1", "False"]


def test_no_page_needs_the_network():
    """A page icon from a font would be fetched from its maker."""
    assert not re.search(r"page_icon=[\"']:", (ROOT / "pages" / "frame.py").read_text(encoding="utf-8"))


def test_a_run_of_a_page_leaves_the_path_of_imports_alone(monkeypatch: pytest.MonkeyPatch):
    """An import in another thread would skip an entry of it, and find a library missing."""
    changes: list[str] = []

    class WatchedPath(list[str]):
        def insert(self, index: SupportsIndex, entry: str) -> None:
            changes.append(entry)

    monkeypatch.setenv("ELMO_MODEL", "tiny")
    monkeypatch.setattr(sys, "path", WatchedPath(sys.path))
    open_page("lessons")
    assert not changes


@pytest.fixture
def thawed():
    yield
    gc.unfreeze()


def test_warm_up_draws_the_first_map(monkeypatch: pytest.MonkeyPatch, thawed: None):
    monkeypatch.setenv("ELMO_MODEL", "tiny")
    monkeypatch.setattr(warmup, "compile_umap", lambda: None)
    monkeypatch.setattr(warmup, "read_words_ahead", lambda: None)
    warmup.warm_up()
    assert gc.get_freeze_count() > 0


def test_a_word_of_the_sample_is_there_before_anybody_asks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ELMO_MODEL", "tiny")
    monkeypatch.setattr(warmup, "_MEMORY", 0)
    monkeypatch.setattr(loaders, "words_to_try", lambda source: ("crane",))
    source, asked = sample(), UseQuery("crane")
    kept = source.results.everything
    warmup.read_words_ahead()
    found = {key: result for key, result in kept().items() if isinstance(key, tuple) and asked in key}
    assert {key[0] for key in found} == {"uses", "study", "cuts", "groups", "frame", "map", "scores"}
    assert study("", source, asked, find("", source, asked)) in found.values()  # no other key


def test_warm_up_asks_nothing_of_a_model_whose_contexts_cost_a_run_each(
    monkeypatch: pytest.MonkeyPatch, thawed: None, random_bert: Path
):
    monkeypatch.setenv("ELMO_MODEL", str(random_bert))
    monkeypatch.setattr(warmup, "compile_umap", lambda: None)
    warmup.warm_up()
    assert gc.get_freeze_count() > 0  # it came to its end
    assert not sample().results.everything()


def test_warm_up_survives_a_broken_model(
    monkeypatch: pytest.MonkeyPatch, thawed: None, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setenv("ELMO_MODEL", "no-such-model")
    monkeypatch.setattr(warmup, "compile_umap", lambda: None)
    monkeypatch.setattr(warmup, "read_words_ahead", lambda: None)
    warmup.warm_up()
    assert "no-such-model" in caplog.text


def test_the_model_is_the_one_that_ships_else_the_random_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ELMO_MODEL", raising=False)
    monkeypatch.setattr(chosen_model, "find_model", lambda name: None)
    assert model_name() == "tiny"
    monkeypatch.undo()
    monkeypatch.delenv("ELMO_MODEL", raising=False)
    shipped = {entry.name for entry in known_models() if entry.kind == "shipped"}
    assert (model_name() == "english-small") == ("english-small" in shipped)
