"""Figures of sense groups, opened as data."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.plots import sense_groups as figures
from elmo_core.senses.groups import find_groups
from elmo_core.senses.usage_change import usage_change
from elmo_core.senses.use_vectors import Halves, embed_uses
from elmo_core.senses.uses import find_uses
from elmo_core.senses.what_if import Placement, place_use

CODES = np.repeat([0, 1], [30, 20])


@pytest.fixture(scope="module")
def halves() -> Halves:
    generator = np.random.default_rng(0)
    parts = [(np.eye(12)[CODES] + 0.1 * generator.standard_normal((50, 12))) for _ in range(2)]
    return Halves(*(part.astype(np.float32) for part in parts))


@pytest.fixture(scope="module")
def placement() -> Placement:
    elmo = load_elmo("tiny")
    uses = find_uses([["the", "bank", word] for word in ("fell", "rose", "old", "new")], "bank")
    return place_use(elmo, ["a", "<b>", "bank"], 2, embed_uses(elmo, uses), (0, 0, 1, 1))


def test_candidates_stand_beside_their_null(halves: Halves):
    groups = find_groups(halves)
    null, true = figures.plot_candidates(groups).data
    assert list(true.x) == list(null.x) == [2, 3, 4, 5, 6]
    assert list(true.y) == [cut.silhouette for cut in groups.candidates]
    assert list(null.error_y.array) == [cut.paired_sd for cut in groups.candidates]
    assert list(true.marker.symbol) == ["circle"] + ["circle-open"] * 4
    assert true.customdata[0] == "no objection"
    assert figures.describe_candidates(groups).startswith("Silhouette of 50 uses against that of re-paired")


def test_no_cut_is_filled_without_evidence(halves: Halves):
    one_sided = Halves(halves.forward, halves.backward[np.random.default_rng(0).permutation(50)])
    _, true = figures.plot_candidates(find_groups(one_sided)).data
    assert set(true.marker.symbol) == {"circle-open"}


def test_shares_are_stacked_bars_told_apart_by_pattern(halves: Halves):
    change = usage_change(halves.units(), CODES.tolist(), ["<i>1900</i>", "2000"] * 25)
    figure = figures.plot_shares(change, ["shore & slope", "lender"])
    first, second = figure.data
    assert list(first.y) == ["2000 (n = 25)", "&lt;i&gt;1900&lt;/i&gt; (n = 25)"]
    assert [sum(pair) for pair in zip(first.x, second.x, strict=True)] == pytest.approx([1, 1])
    assert first.name == "shore &amp; slope"
    assert first.marker.pattern.shape != second.marker.pattern.shape
    assert "2000 (n = 25) 60% shore & slope and 40% lender; <i>1900" in figures.describe_shares(
        change, ["shore & slope", "lender"]
    )


def test_influences_stand_under_their_words(placement: Placement):
    figure = figures.plot_influences(placement)
    (bars,) = figure.data
    assert list(bars.x) == [0, 1]
    assert list(bars.y) == [influence.cosine_change for influence in placement.influences]
    assert list(figure.layout.xaxis.ticktext) == ["a", "&lt;b&gt;", "<b>bank</b>"]
    assert "<b> (" in figures.describe_influences(placement)


def test_without_groups_no_word_decides():
    elmo = load_elmo("tiny")
    uses = find_uses([["the", "bank"]], "bank")
    placed = place_use(elmo, ["a", "bank"], 1, embed_uses(elmo, uses), (0,))
    assert figures.describe_influences(placed) == "There is one group alone, so no word decides."
    assert not len(figures.plot_influences(placed).data[0].x)
