"""How often a test calls a null significant: the level of the p-values.

    python -m bench.null_levels [--runs 400]

A test of level 5% may call a null significant in at most 5% of runs. Five nulls are simulated: labels drawn
at random, tested on one split and on five folds; two equally good methods with errors of the same and of
different kinds; and two equally good taggers. Beside each test stands one that it replaced.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression

from elmo_core.learning.tags.scores import compare_tags
from elmo_core.learning.texts.scores import compare, macro_f1, shuffled_f1
from elmo_core.measuring.chance import p_value, widened
from elmo_core.measuring.intervals import N_SAMPLES
from elmo_core.measuring.splitting import Split, stratified_folds, stratified_split

_LEVEL, _N, _DIM, _N_METHODS, _N_SHUFFLES = 0.05, 120, 8, 4, 500


def best_of_methods(seed: int, splits: Callable[[np.ndarray, int], list[Split]]) -> tuple[float, float]:
    """Return p-values of the best of several classifiers of random labels: as used, and by bare shuffles."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(_N) % 2)
    parts = splits(codes, seed)
    rows = np.concatenate([part.test for part in parts])
    gold, guesses = codes[rows], []
    for _ in range(_N_METHODS):
        inputs = rng.normal(size=(_N, _DIM))
        guesses.append(
            np.concatenate(
                [
                    LogisticRegression().fit(inputs[one.train], codes[one.train]).predict(inputs[one.test])
                    for one in parts
                ]
            )
        )
    golds = rng.permuted(np.tile(gold, (_N_SHUFFLES, 1)), axis=1)
    drawn = np.array([shuffled_f1(golds, guess, 2) for guess in guesses])
    best = max(macro_f1(gold, guess, 2) for guess in guesses)
    wide = np.array([widened(one, len(parts)) for one in drawn])
    return p_value(best, wide.max(axis=0)), p_value(best, drawn.max(axis=0))


def equal_methods(seed: int, *, alike: bool) -> tuple[float, float]:
    """Return p-values of two equally good methods on 200 rows: by randomisation, by the bootstrap."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, 3, 200)
    wrong = (gold + rng.integers(1, 3, 200)) % 3
    if alike:
        one, other = (np.where(rng.random(200) < 0.75, gold, wrong) for _ in range(2))
    else:  # one errs on the first class, the other on the second
        one, other = (np.where((gold == k) & (rng.random(200) < 0.6), 2, gold) for k in (0, 1))
    drawn = rng.integers(0, 200, (N_SAMPLES // 4, 200))
    differences = np.array(
        [macro_f1(gold[rows], one[rows], 3) - macro_f1(gold[rows], other[rows], 3) for rows in drawn]
    )
    beyond = min((differences <= 0).mean(), (differences >= 0).mean())
    return compare(gold, one, other, 3, seed).p_value, 2 * float(beyond)


def equal_taggers(seed: int) -> tuple[float, float]:
    """Return p-values of two equally good taggers on 60 sentences: by randomisation and by the sign test."""
    from scipy.stats import binomtest

    rng = np.random.default_rng(seed)
    gold = [rng.choice(["a", "b", "c"], 8).tolist() for _ in range(60)]
    one, other = ([[tag if rng.random() < 0.8 else "a" for tag in tags] for tags in gold] for _ in range(2))
    pairs = [
        (sum(map(str.__eq__, a, g)), sum(map(str.__eq__, b, g)))
        for a, b, g in zip(one, other, gold, strict=True)
    ]
    won, lost = sum(a > b for a, b in pairs), sum(a < b for a, b in pairs)
    sign = float(binomtest(won, won + lost).pvalue) if won + lost else 1.0
    return compare_tags(gold, one, other, is_spans=False, seed=seed).p_value, sign


def main() -> None:
    """Print the share of runs with p <= 0.05 of each test, with its 95% interval."""
    from scipy.stats import binomtest

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400)
    n = parser.parse_args().runs
    cases: dict[str, tuple[Callable[[int], tuple[float, float]], str, str]] = {
        "random labels, one split": (
            lambda seed: best_of_methods(seed, lambda codes, one: [stratified_split(codes, 0.3, one)]),
            "best of 4", "the same, not widened",
        ),
        "random labels, 5 folds": (
            lambda seed: best_of_methods(seed, lambda codes, one: stratified_folds(codes, 5, one)),
            "best of 4", "the same, not widened",
        ),
        "equal methods, like errors": (
            lambda seed: equal_methods(seed, alike=True), "randomisation", "paired bootstrap",
        ),
        "equal methods, other errors": (
            lambda seed: equal_methods(seed, alike=False), "randomisation", "paired bootstrap",
        ),
        "equal taggers": (equal_taggers, "randomisation", "sign test"),
    }  # fmt: skip
    for case, (run, *names) in cases.items():
        found = np.array([run(seed) for seed in range(n)])  # (runs, 2)
        for name, values in zip(names, found.T, strict=True):
            k = int((values <= _LEVEL).sum())
            found_in = binomtest(k, n).proportion_ci(method="wilson")
            interval = f"({100 * found_in.low:.1f} to {100 * found_in.high:.1f})"
            print(f"{case:28} {name:24} {100 * k / n:5.1f}% {interval}")


if __name__ == "__main__":
    main()
