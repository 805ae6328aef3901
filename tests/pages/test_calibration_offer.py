"""Calibrating the rule for sense groups from the pages: offered, started, cancelled, kept and used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from elmo_core import load_encoder
from elmo_core.senses.calibration import calibrate
from elmo_core.senses.kept_calibrations import find_calibration, keep_calibration
from elmo_core.senses.known_words import KnownWords, known_words_of_samples
from elmo_core.weights.registry import MODELS_VARIABLE
from pages.common import calibration
from tests.pages.driver import captions, checked, job_of, open_page, texts, wait_for_charts, wait_until_over

OWNER = "calibration_tiny"


def few_words() -> KnownWords:
    """As many words and uses as a bound needs, so that the job takes seconds."""
    known = known_words_of_samples()
    return replace(known, places={word: known.places[word][:10] for word in known.with_uses(10)[:24]})


def test_a_calibration_from_a_page_is_kept_and_judges_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("ELMO_LOCAL_FILES", "on")
    monkeypatch.setattr(calibration, "known_words_of_samples", few_words)
    app = open_page("models")
    assert "not calibrated for this model (tiny): how often" in texts(app)
    checked(app.button(key=f"{OWNER}_start").click().run())
    checked(app.button(key=f"{OWNER}_cancel").click().run())
    wait_until_over(job_of(app, OWNER))
    checked(app.run())
    assert "Calibrating tiny was cancelled" in texts(app)
    checked(app.button(key=f"{OWNER}_again").click().run())
    assert wait_until_over(job_of(app, OWNER)).state == "done"
    assert "calibrated for 5% of false claims, on the bundled samples" in texts(checked(app.run()))
    kept = find_calibration(load_encoder("tiny").fingerprint)
    assert kept is not None and [level.n_words for level in kept.levels] == [24]
    said = "With 10 uses, this model takes"
    assert said in captions(app) and not [one for one in app.button if one.key == f"{OWNER}_start"]
    senses = wait_for_charts(open_page("senses", word="play", projection="PCA"), 2)
    assert said in captions(senses) and "not calibrated" not in texts(senses)
    assert "Judged on 10 of 46 uses" in texts(senses)


def test_a_model_with_hand_set_bounds_says_how_often_they_are_wrong_and_can_be_calibrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("ELMO_LOCAL_FILES", "on")
    keep_calibration(calibrate(load_encoder("tiny"), few_words(), rate=None, sizes=(10,), n_mixtures=5))
    app = open_page("models")
    assert "were set by hand. What it claims by them, on the bundled samples:" in texts(app)
    assert "With 10 uses, this model takes" in captions(app)
    assert [one for one in app.button if one.key == f"{OWNER}_start"]
    senses = wait_for_charts(open_page("senses", word="play", projection="PCA"), 2)
    assert "With 10 uses, this model takes" in captions(senses)
    assert not [one for one in senses.button if one.key == f"{OWNER}_start"]
    assert "Judged on" not in texts(senses)


def test_a_served_page_says_that_a_model_is_not_calibrated_and_offers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("ELMO_LOCAL_FILES", "off")
    app = open_page("models")
    assert "not calibrated for this model (tiny)" in texts(app)
    assert not [one for one in app.button if one.key == f"{OWNER}_start"]
