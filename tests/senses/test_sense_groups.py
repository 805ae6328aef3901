"""Sense groups and their card: true groups are found, none are made up, the nulls are what they say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from elmo_core import Elmo
from elmo_core.senses.groups import MIN_USES, find_groups
from elmo_core.senses.sense_card import sense_card
from elmo_core.senses.shuffled_contexts import shuffle_contexts
from elmo_core.senses.use_vectors import Halves
from elmo_core.senses.uses import Uses, find_uses

DIM = 24


def halves_of(codes: np.ndarray, agreeing: bool = True, spread: float = 0.5, seed: int = 0) -> Halves:
    """Both halves lie around the axis of a use's group, or each around an axis of its own."""
    generator = np.random.default_rng(seed)
    other = codes if agreeing else generator.permutation(codes)
    parts = [
        np.eye(DIM)[own] + spread * generator.standard_normal((len(codes), DIM)) / DIM**0.5
        for own in (codes, other)
    ]
    return Halves(*(part.astype(np.float32) for part in parts))


@pytest.mark.parametrize("sizes", [[40, 30], [60, 12], [30, 25, 20]])
def test_groups_that_both_sides_agree_on_are_found(sizes: list[int]):
    codes = np.repeat(range(len(sizes)), sizes)
    found = find_groups(halves_of(codes))
    assert found.k == len(sizes)
    assert list(found.labels) == codes.tolist()
    assert found.best is not None
    assert found.best.objections == ()
    assert found.best.sizes == tuple(sizes)
    assert found.best.stability == 1


def test_groups_of_one_side_alone_are_no_evidence():
    found = find_groups(halves_of(np.repeat([0, 1], [40, 40]), agreeing=False))
    assert found.k == 1
    assert set(found.labels) == {0}
    assert found.best is not None
    assert "re-paired contexts fall apart as well" in found.best.objections


def test_noise_is_no_evidence():
    claims = [
        find_groups(halves_of(np.zeros(60, dtype=int), spread=1.0, seed=seed)).k > 1 for seed in range(6)
    ]
    assert not any(claims)


def test_too_few_uses_are_not_grouped():
    found = find_groups(halves_of(np.zeros(MIN_USES - 1, dtype=int)))
    assert (found.k, found.candidates, found.best) == (1, (), None)
    assert found.labels == (0,) * (MIN_USES - 1)
    assert sense_card(found, halves_of(np.zeros(9, dtype=int))).sentence == (
        "9 uses are too few to look for groups; at least 10 are needed."
    )


def test_equal_contexts_are_one_group():
    same = np.ones((20, DIM), dtype=np.float32)
    found = find_groups(Halves(same, same))
    assert found.k == 1
    assert found.best is not None
    assert found.best.objections == ("there are no two groups to tell apart",)


def test_the_same_seed_gives_the_same_result():
    halves = halves_of(np.repeat([0, 1], [20, 20]), spread=2.0)
    first, second = find_groups(halves), find_groups(halves)
    assert [vars(cut)["silhouette"] for cut in first.candidates] == [
        vars(cut)["silhouette"] for cut in second.candidates
    ]
    assert first.labels == second.labels


def test_the_density_method_finds_its_own_number():
    codes = np.repeat([0, 1, 2], [40, 30, 20])
    found = find_groups(halves_of(codes, spread=0.3), method="density")
    assert found.k == 3
    assert len(found.candidates) == 1


TEXT = [
    f"{left} the bank {right}" for left in ("river", "money", "fire") for right in ("fell", "rose up", ".")
]


@pytest.fixture(scope="module")
def uses() -> Uses:
    return find_uses([*TEXT, *(f"a {sentence}" for sentence in TEXT)], "bank", ["x", "y"] * 9)


def test_shuffling_keeps_lengths_places_and_words(elmo: Elmo, uses: Uses, monkeypatch: pytest.MonkeyPatch):
    read: list[list[list[str]]] = []
    stream, shares = Elmo.stream, []

    def watched(self, sentences, **options):
        read.append(list(map(list, sentences)))
        return stream(self, sentences, **options)

    monkeypatch.setattr(Elmo, "stream", watched)
    null = shuffle_contexts(elmo, uses, n_replicates=3, report=lambda doing, share: shares.append(share))
    assert len(null.replicates) == len(read) == 3
    assert shares == sorted(shares) and shares[-1] == 1
    pool = Counter(word for use in uses.uses for word in use.tokens)
    for sentences in read:
        assert [len(tokens) for tokens in sentences] == [len(use.tokens) for use in uses.uses]
        assert all(tokens[use.position] == "bank" for tokens, use in zip(sentences, uses.uses, strict=True))
        assert Counter(word for tokens in sentences for word in tokens) == pool
    assert read[0] != read[1] != [list(use.tokens) for use in uses.uses]


def test_a_null_of_many_uses_is_a_sample(elmo: Elmo, uses: Uses):
    null = shuffle_contexts(elmo, uses, n_replicates=2, max_uses=7)
    again = shuffle_contexts(elmo, uses, n_replicates=2, max_uses=7)
    assert len(null.rows) == len(set(null.rows.tolist())) == 7
    assert null.replicates[0].layers.shape[1] == 7
    np.testing.assert_array_equal(null.replicates[1].expected, again.replicates[1].expected)


CODES = np.repeat([0, 1, 2], [30, 25, 20])
GOLD = ["abc"[code] for code in CODES]


def test_the_card_says_it_in_one_sentence():
    halves = halves_of(CODES)
    groups = find_groups(halves)
    shuffled = [halves_of(np.zeros(75, dtype=int), spread=9.0, seed=seed) for seed in (1, 2, 3)]
    card = sense_card(groups, halves, shuffled=shuffled)
    assert groups.best is not None
    assert card.shuffled is not None
    assert (card.k, card.objections, card.scores) == (3, (), ())
    assert card.sentence == (
        f"3 groups, silhouette {groups.best.silhouette:.2f}; shuffled contexts {card.shuffled}; "
        f"re-paired contexts {groups.best.paired_mean:.2f} ± {groups.best.paired_sd:.2f}; "
        "stable in 100% of resamples."
    )


def test_shuffled_contexts_that_fall_apart_as_well_are_an_objection():
    halves = halves_of(CODES)
    card = sense_card(find_groups(halves), halves, shuffled=[halves, halves])
    assert card.k == 1
    assert card.sentence.startswith(
        "No evidence of more than one group: shuffled contexts fall apart as well (best of 3: silhouette"
    )


def test_gold_senses_are_scored_beside_chance_and_null():
    halves = halves_of(CODES)
    shuffled = [halves_of(np.zeros(75, dtype=int), spread=9.0, seed=seed) for seed in (1, 2)]
    card = sense_card(find_groups(halves), halves, shuffled=shuffled, gold=GOLD)
    assert [score.name for score in card.scores] == ["adjusted Rand index", "V-measure", "nearest centroid"]
    for score in card.scores:
        assert score.value == pytest.approx(1)
        assert score.chance.mean < 0.5
        assert score.null is not None
        assert score.null.mean < 0.6
    assert card.scores[0].chance.mean == pytest.approx(0, abs=0.02)


def test_unknown_senses_and_a_sample_of_shuffled_uses_are_scored_as_far_as_they_go():
    halves = halves_of(CODES)
    gold = [sense if row % 3 else None for row, sense in enumerate(GOLD)]
    rows = np.arange(0, 75, 2)
    shuffled = [halves_of(np.zeros(len(rows), dtype=int), spread=9.0)]
    card = sense_card(find_groups(halves), halves, shuffled=shuffled, shuffled_rows=rows, gold=gold)
    assert card.scores[0].value == pytest.approx(1)
    assert card.scores[0].null is not None


@pytest.mark.parametrize("gold", [[None] * 75, ["a"] * 75, ["a"] * 74 + ["b"]])
def test_one_sense_cannot_be_scored(gold: list[str | None]):
    halves = halves_of(CODES)
    assert sense_card(find_groups(halves), halves, gold=gold).scores == ()
