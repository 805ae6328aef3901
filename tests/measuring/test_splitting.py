"""Splits: every row once, near-duplicates in one part, and each class with the share that was asked for."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.measuring.splitting import (
    Split,
    held_out_splits,
    rows_beside_training,
    stratified_folds,
    stratified_split,
)

SHARES = st.sampled_from([0.05, 0.1, 0.2, 0.3, 0.5, 0.8])


def rows_of(groups: list[tuple[int, ...]]) -> tuple[np.ndarray, list[tuple[int, int]], list[np.ndarray]]:
    """Codes, chains of pairs, and the rows of each group, from the classes of the rows of each group."""
    codes = np.array([code for group in groups for code in group], dtype=np.int64)
    ends = np.cumsum([len(group) for group in groups])
    members = [np.arange(end - len(group), end) for group, end in zip(groups, ends.tolist(), strict=True)]
    return codes, [pair for rows in members for pair in pairwise(rows.tolist())], members


def of_one_class() -> st.SearchStrategy[list[tuple[int, ...]]]:
    group = st.tuples(st.integers(0, 4), st.integers(1, 12)).map(lambda one: (one[0],) * one[1])
    return st.lists(group, min_size=1, max_size=60)


def mixed() -> st.SearchStrategy[list[tuple[int, ...]]]:
    return st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple), min_size=1, max_size=40)


def units_of(groups: list[tuple[int, ...]], code: int) -> int:
    return sum(code in group for group in groups)


def is_whole(split: Split, rows: np.ndarray) -> bool:
    return np.isin(rows, split.test).all() or np.isin(rows, split.train).all()


@given(of_one_class(), SHARES, st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_a_split_of_groups_with_one_class_each(groups, share, seed):
    codes, together, members = rows_of(groups)
    split = stratified_split(codes, share, seed, together)
    assert sorted([*split.train, *split.test]) == list(range(len(codes)))
    for code in np.unique(codes).tolist():
        n, n_test = int((codes == code).sum()), int((codes[split.test] == code).sum())
        if n > 1:
            assert 0 < n_test < n
        if units_of(groups, code) > 1:
            asked = min(max(round(share * n), 1), n - 1)
            sizes = [len(group) for group in groups if code in group]
            others = [n - n_test - size for size in sizes], [n_test - size for size in sizes]
            is_bound = all(one <= 0 for one in others[0]) or all(one <= 0 for one in others[1])
            assert abs(n_test - asked) <= max(sizes) / 2 or is_bound  # its last group stays on its side
    kept = [rows for rows in members if units_of(groups, int(codes[rows[0]])) > 1]
    assert all(is_whole(split, rows) for rows in kept)
    assert rows_beside_training([split], together) == sum(
        len(np.intersect1d(rows, split.test)) for rows in members if not is_whole(split, rows)
    )


@given(mixed(), SHARES, st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_a_split_of_groups_that_mix_classes(groups, share, seed):
    codes, together, members = rows_of(groups)
    split = stratified_split(codes, share, seed, together)
    counts = np.bincount(codes, minlength=4)
    assert sorted([*split.train, *split.test]) == list(range(len(codes)))
    assert set(codes[split.train]) == set(codes.tolist())
    divided = {k for k in range(4) if counts[k] > 1 and units_of(groups, k) == 1}
    assert all(is_whole(split, rows) for rows in members if not divided & set(codes[rows].tolist()))
    asked = sum(min(max(round(share * n), 1), n - 1) for n in counts.tolist() if n)
    tested = [k for k in range(4) if counts[k] > 1 and k in codes[split.test]]
    if tested == [k for k in range(4) if counts[k] > 1] and min(counts[counts > 0]) >= 40:
        assert abs(len(split.test) - asked) < max(map(len, groups))


@given(of_one_class(), st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_folds_of_groups(groups, n_folds, seed):
    codes, together, _ = rows_of(groups)
    folds = stratified_folds(codes, n_folds, seed, together)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(codes)))
    for code in np.unique(codes).tolist():
        each = [int((codes[fold.test] == code).sum()) for fold in folds]
        assert max(each) - min(each) <= max(len(group) for group in groups if code in group)
        if sum(each) > 1:
            assert sum(n > 0 for n in each) > 1  # each class is always learned from
    if all(units_of(groups, k) > 1 for k in set(codes.tolist())):
        assert rows_beside_training(folds, together) == 0


@pytest.mark.parametrize(
    ("groups", "n_beside"),
    [
        ([(0,) * 60, (1,) * 60], 24),  # two templates: each is divided, and it is said
        ([(0,) * 10] * 6 + [(1,) * 10] * 6, 0),
        ([(0, 1) * 5] * 12, 0),
        ([(0,) * 95, *[(0,)] * 5, *[(1,)] * 20], 0),  # a huge group is learned from
        ([(0,) * 100, (1,)] * 1 + [(1,)], 20),
        ([(0, 0)] + [(1,)] * 50, 1),
        ([(0, 1) * 60], 24),  # nothing but one group
        ([(0,), (1,)], 0),
        ([(code,) for code in range(500)], 0),  # each class has one row
        ([(code,) * 2 for code in range(300)], 300),
        ([(0,) * 3, (0,) * 3, (1,) * 3, (1,) * 3], 0),
        ([(0, 1), (1, 2), (2, 0)], 0),  # no way to test all three classes
    ],
)
def test_tables_of_templates(groups, n_beside):
    """120 texts of few templates had a test part of no row, or of three."""
    codes, together, _ = rows_of(groups)
    split = stratified_split(codes, 0.2, 0, together)
    assert rows_beside_training([split], together) == n_beside
    can_be_tested = np.flatnonzero(np.bincount(codes) > 1)
    assert len(split.test) >= min(len(can_be_tested), 2)
    assert set(codes[split.train]) == set(codes.tolist())


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n_rows", [60, 90, 120])
def test_templated_texts_have_the_share_asked_for(n_rows, seed):
    """Fifteen templates, each filled in several ways: the test part has a fifth, but for half a group."""
    groups = [(template % 2,) * (n_rows // 15) for template in range(15)]
    codes, together, _ = rows_of(groups)
    split = stratified_split(codes, 0.2, seed, together)
    for code in (0, 1):
        assert abs((codes[split.test] == code).sum() - 0.2 * (codes == code).sum()) <= n_rows / 15 / 2 + 0.5
    assert rows_beside_training([split], together) == 0


def test_groups_differ_from_seed_to_seed_and_are_tested_on_as_often_as_single_rows():
    groups = [(0,) * 4] * 20 + [(0,)] * 120
    codes, together, _ = rows_of(groups)
    shares = [(stratified_split(codes, 0.2, seed, together).test < 80).mean() for seed in range(40)]
    assert np.mean(shares) == pytest.approx(0.4, abs=0.02)
    first, second = (stratified_split(codes, 0.2, seed, together).test for seed in (0, 1))
    assert set(first.tolist()) != set(second.tolist())


def test_many_rows_and_classes_take_no_long_time():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 1000, 30_000)
    together = rng.integers(0, 30_000, (3_000, 2)).tolist()
    split = stratified_split(codes, 0.2, 0, together)
    assert len(split.test) / 30_000 == pytest.approx(0.2, abs=0.01)
    assert rows_beside_training([split], together) == 0


def test_splits_to_choose_settings_on_tolerate_every_table():
    for codes in ([0], [0, 1], [0, 0, 1], [0, 1] * 3, [0] * 1600 + [1], list(range(1600))):
        for split in held_out_splits(np.array(codes), 0):
            assert sorted([*split.train, *split.test]) == list(range(len(codes)))
