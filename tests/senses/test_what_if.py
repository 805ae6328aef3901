"""A new sentence among the uses that are there."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core import Elmo
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.senses.group_posterior import GroupPosterior
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Uses, find_uses
from elmo_core.senses.what_if import MAX_TAKEN_OUT, map_position, place_use

TEXT = [
    f"the {left} bank {right}" for left in ("river", "water", "money", "city") for right in ("fell", "is old")
]
LABELS = (0, 0, 0, 0, 1, 1, 1, 1)


@pytest.fixture(scope="module")
def uses() -> Uses:
    return find_uses([sentence.split() for sentence in TEXT], "bank")


def test_a_use_that_is_there_lands_on_itself(elmo: Elmo, uses: Uses):
    vectors = embed_uses(elmo, uses)
    for row in (0, 5):
        placed = place_use(elmo, uses.uses[row].tokens, 2, vectors, LABELS)
        assert placed.nearest[0] == (row, pytest.approx(1, abs=1e-5))
        np.testing.assert_allclose(
            placed.vectors.contexts.units()[0], vectors.contexts.units()[row], atol=1e-5
        )


def test_the_posterior_is_one_over_the_groups(elmo: Elmo, uses: Uses):
    vectors = embed_uses(elmo, uses)
    placed = place_use(elmo, ["the", "river", "bank", "fell"], 2, vectors, LABELS)
    model = GroupPosterior.fit(vectors.contexts.units(), LABELS)
    assert placed.posterior == pytest.approx(model.of(placed.vectors.contexts.units())[0])
    for shares in (placed.posterior, placed.forward, placed.backward):
        assert sum(shares) == pytest.approx(1)
    assert placed.group == np.argmax(placed.posterior)


def test_an_influence_is_the_change_without_the_word(elmo: Elmo, uses: Uses):
    vectors = embed_uses(elmo, uses)
    tokens = ["by", "the", "river", "bank", "it", "fell"]
    placed = place_use(elmo, tokens, 3, vectors, LABELS)
    assert [influence.position for influence in placed.influences] == [0, 1, 2, 4, 5]
    assert [influence.token for influence in placed.influences] == ["by", "the", "river", "it", "fell"]
    for number, shorter, position in ((2, "by the bank it fell", 2), (4, "by the river bank it", 3)):
        without = place_use(elmo, shorter.split(), position, vectors, LABELS)
        group, influence = placed.group, placed.influences[number]
        expected = placed.posterior[group] - without.posterior[group]
        assert influence.change == pytest.approx(expected, abs=1e-5)


def test_one_side_of_the_context_decides_its_half_alone(elmo: Elmo, uses: Uses):
    vectors, labels = embed_uses(elmo, uses), (0, 1, 0, 1, 0, 1, 1, 1)
    first = place_use(elmo, ["the", "river", "bank", "fell"], 2, vectors, labels)
    second = place_use(elmo, ["the", "river", "bank", "is", "new"], 2, vectors, labels)
    assert first.forward == pytest.approx(second.forward, abs=1e-5)
    assert first.backward != pytest.approx(second.backward, abs=1e-4)


def test_one_call_of_the_model_and_a_bounded_one(elmo: Elmo, uses: Uses, monkeypatch: pytest.MonkeyPatch):
    vectors, calls, stream = embed_uses(elmo, uses), [], Elmo.stream

    def watched(self, sentences, **options):
        calls.append(len(sentences))
        return stream(self, sentences, **options)

    monkeypatch.setattr(Elmo, "stream", watched)
    place_use(elmo, ["bank", *(["word"] * 80)], 0, vectors, LABELS)
    assert calls == [1 + MAX_TAKEN_OUT]


def test_with_one_group_nothing_decides(elmo: Elmo, uses: Uses):
    placed = place_use(elmo, ["bank"], 0, embed_uses(elmo, uses), (0,) * 8)
    assert placed.posterior == placed.forward == (1.0,)
    assert placed.influences == ()


@pytest.mark.parametrize("position", [-1, 2])
def test_a_position_outside_the_sentence_is_refused(elmo: Elmo, uses: Uses, position: int):
    with pytest.raises(InputError, match=f"has 2 tokens; there is none at position {position}"):
        place_use(elmo, ["a", "bank"], position, embed_uses(elmo, uses), LABELS)


def test_a_place_on_the_map_is_among_its_neighbours():
    units = unit_rows(np.array([[1.0, 0], [1, 0.1], [0, 1], [-1, 0]]))
    coordinates = np.array([[0.0, 0], [2, 2], [9, 9], [5, 5]])
    x, y = map_position(units[0], units, coordinates, n_neighbours=2)
    assert x == y == pytest.approx(1, abs=0.01)
    assert map_position(units[3], units, coordinates, n_neighbours=1) == pytest.approx((5, 5))


def test_the_temperature_fits_how_sure_cosines_are():
    generator = np.random.default_rng(0)
    codes = np.repeat([0, 1], 60)
    clear, vague = (
        unit_rows(np.eye(8)[codes] + spread * generator.standard_normal((120, 8))) for spread in (0.05, 1.2)
    )
    sharp, soft = GroupPosterior.fit(clear, codes), GroupPosterior.fit(vague, codes)
    assert sharp.temperature < soft.temperature
    assert sharp.of(clear)[range(120), codes].min() > 0.99
    right = soft.of(vague).argmax(axis=1) == codes
    assert soft.of(vague).max(axis=1).mean() == pytest.approx(right.mean(), abs=0.1)


def test_uses_of_no_group_do_not_count():
    units = unit_rows(np.random.default_rng(0).standard_normal((12, 5)))
    labels = np.array([0, 1] * 5 + [-1, -1])
    with_strays, without = GroupPosterior.fit(units, labels), GroupPosterior.fit(units[:10], labels[:10])
    np.testing.assert_allclose(with_strays.centroids, without.centroids)


def test_a_group_without_a_use_here_is_impossible():
    units = unit_rows(np.random.default_rng(0).standard_normal((12, 5)))
    full = GroupPosterior.fit(units, [0, 1] * 6)
    found = GroupPosterior.fit(units, [0, 2] * 6, n_groups=4).of(units)
    assert found.shape == (12, 4) and not found[:, [1, 3]].any()
    np.testing.assert_allclose(found[:, [0, 2]], full.of(units))
