"""A run is shipped in place of an earlier one: its weights, the words of both, one history."""

from __future__ import annotations

from argparse import Namespace

import pandas as pd
import pytest

from bench import new_weights
from bench.model_card import card
from elmo_core.weights.folder import read_about, read_folder, write_folder
from elmo_core.weights.tiny import tiny_model


def test_a_run_goes_on_from_what_ships(tmp_path, monkeypatch: pytest.MonkeyPatch):
    target, run = tmp_path / "shipped", tmp_path / "run"
    for folder, words in ((target, 1000), (run / "model", 300)):
        folder.parent.mkdir(exist_ok=True)
        stored = tiny_model()
        stored.about.update(
            {"title": f"seen {words}", "words_seen": words, "corpus_tokens": 5000 if folder == target else 0}
        )
        write_folder(stored, folder)
    rows = pd.DataFrame(
        {"step": [10, 20], "words": [500, 1000], "loss": [5.0, 4.0], "perplexity": [None, 90.0]}
    )
    rows.to_csv(target / "history.csv", index=False)
    (rows / 5).assign(unknown_share=0.1).to_csv(run / "history.csv", index=False)
    monkeypatch.setattr(new_weights, "TARGET", target)
    asked = Namespace(run=run, words_before=2000, summary="two runs", corpus_tokens=None)
    new_weights.take_weights(asked)
    about = read_about(target)
    assert (about["title"], about["words_seen"]) == ("seen 1000", 2300)
    assert "two runs" in card(read_folder(target), target, {})
    history = pd.read_csv(target / "history.csv")
    assert history.columns.tolist() == rows.columns.tolist()
    assert history["step"].tolist() == [10, 20, 22, 24]
    assert history["words"].tolist() == [500, 1000, 2100, 2200]
    monkeypatch.setattr(new_weights, "MOST_BYTES", 10)
    with pytest.raises(SystemExit, match="at most 10 are shipped"):
        new_weights.take_weights(asked)
