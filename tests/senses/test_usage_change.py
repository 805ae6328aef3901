"""Two parts of a text: the measures against slow and plain ones, and what chance gives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist, jensenshannon

from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.senses.usage_change import usage_change


def uses(sizes: list[int], shift: float) -> tuple[np.ndarray, list[str]]:
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((sum(sizes), 8))
    values = [f"v{number}" for number, size in enumerate(sizes) for _ in range(size)]
    vectors[:, 0] += shift * np.array([int(value[1]) for value in values])
    return unit_rows(vectors + 0.5), values


def test_the_measures_are_what_their_names_say():
    units, values = uses([12, 9], 1.0)
    labels = np.random.default_rng(1).integers(3, size=21)
    (change,) = usage_change(units, labels, values, n_permutations=9).changes
    apd, prt, jsd = change.measures
    first, second = units[:12], units[12:]
    assert apd.value == pytest.approx(cdist(first, second, "cosine").mean(), abs=1e-5)
    means = first.mean(axis=0)[None], second.mean(axis=0)[None]
    assert prt.value == pytest.approx(cdist(*means, "cosine")[0, 0], abs=1e-5)
    shares = [np.bincount(part, minlength=3) / len(part) for part in (labels[:12], labels[12:])]
    assert jsd.value == pytest.approx(jensenshannon(*shares, base=2) ** 2)


def test_shares_are_those_of_the_uses_in_a_group():
    units, values = uses([6, 6], 0)
    found = usage_change(units, [0, 0, 0, 1, -1, -1, 1, 1, 1, 1, 1, 1], values)
    assert [(part.value, part.n, part.shares) for part in found.shares] == [
        ("v0", 4, (0.75, 0.25)),
        ("v1", 6, (0.0, 1.0)),
    ]


def test_a_change_is_seen_and_none_is_not():
    units, values = uses([25, 25], 3.0)
    labels = [0] * 25 + [1] * 25
    (change,) = usage_change(units, labels, values).changes
    assert [measure.p_value for measure in change.measures] == [pytest.approx(1 / 1000)] * 3
    assert all(measure.value > measure.shuffled_mean + 3 * measure.shuffled_sd for measure in change.measures)
    units, values = uses([25, 25], 0.0)
    (change,) = usage_change(units, [0, 1] * 25, values).changes
    assert all(measure.p_value > 0.05 for measure in change.measures)


def test_groups_that_do_not_differ_have_no_divergence():
    units, values = uses([10, 10], 0)
    (change,) = usage_change(units, [0] * 20, values).changes
    assert (change.measures[2].value, change.measures[2].p_value) == (0, 1)


def test_movers_are_nearest_to_their_own_mean_and_far_from_the_other():
    units, values = uses([20, 20], 0.5)
    (change,) = usage_change(units, [0] * 40, values).changes
    means = [part.mean(axis=0) / np.linalg.norm(part.mean(axis=0)) for part in (units[:20], units[20:])]
    lead = units @ (means[1] - means[0])
    assert list(change.movers[0]) == sorted(range(20), key=lambda row: lead[row])[:5]
    assert list(change.movers[1]) == sorted(range(20, 40), key=lambda row: -lead[row])[:5]


def test_several_values_are_compared_in_pairs_with_adjusted_p_values():
    units, values = uses([10, 10, 10, 3], 1.5)
    found = usage_change(units, [0] * 33, [*values[:32], None], n_permutations=99)
    assert [(change.first, change.second) for change in found.changes] == [
        ("v0", "v1"),
        ("v0", "v2"),
        ("v1", "v2"),
    ]
    assert found.left_out == (("v3", 2),)
    raw = [change.measures[1].p_value for change in found.changes]
    adjusted = [change.measures[1].p_adjusted for change in found.changes]
    assert min(adjusted) == pytest.approx(3 * min(raw))
    assert all(one <= other for one, other in zip(raw, adjusted, strict=True))


def test_the_same_seed_gives_the_same_numbers():
    units, values = uses([8, 8], 0.4)
    assert usage_change(units, [0, 1] * 8, values) == usage_change(units, [0, 1] * 8, values)


@pytest.mark.parametrize("values", [["a"] * 12, [None] * 12, ["a"] * 8 + ["b"] * 4])
def test_too_few_values_are_refused(values: list[str | None]):
    with pytest.raises(InputError, match="two values with at least 5 uses each"):
        usage_change(np.eye(12, dtype=np.float32), [0] * 12, values)
