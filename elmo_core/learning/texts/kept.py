"""The results of a comparison as JSON: its predictions, from which every score is computed anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from elmo_core.learning.calibration import calibration
from elmo_core.learning.results import SkippedMethod, results_run
from elmo_core.learning.texts.results import MAJORITY, TextResult
from elmo_core.learning.texts.scores import score

_DIGITS = 4


def results_to_json(results: Iterable[TextResult | SkippedMethod]) -> dict[str, Any]:
    """Keep the predictions of the methods that were run, all of them on the same texts."""
    run = results_run(results)
    first = run[0]
    return {
        "classes": list(first.classes),
        "rows": first.rows.tolist(),
        "gold": first.gold.tolist(),
        "seed": first.seed,
        "n_train": first.n_train,
        "n_folds": first.n_folds,
        "n_beside_training": first.n_beside_training,
        "methods": [
            {
                "method": result.method,
                "needs_model": result.needs_model,
                "seconds": round(result.seconds, 1),
                "layer_weights": list(result.layer_weights) if result.layer_weights else None,
                "probabilities": _rounded(result.probabilities),
            }
            for result in run
        ],
    }


def results_from_json(kept: Mapping[str, Any]) -> tuple[TextResult, ...]:
    """Score the kept predictions; the results come without fitted classifiers."""
    gold, classes = np.array(kept["gold"]), tuple(kept["classes"])
    found: list[TextResult] = []
    baselines: list[TextResult] = []
    for one in kept["methods"]:
        probabilities, weights = np.array(one["probabilities"], dtype=np.float64), one["layer_weights"]
        result = TextResult(
            method=one["method"],
            needs_model=one["needs_model"],
            rows=np.array(kept["rows"]),
            scores=score(gold, probabilities.argmax(axis=1), len(classes), kept["seed"]),
            seed=kept["seed"],
            n_train=kept["n_train"],
            seconds=one["seconds"],
            n_folds=kept["n_folds"],
            n_beside_training=kept["n_beside_training"],
            layer_weights=tuple(weights) if weights else None,
            classes=classes,
            gold=gold,
            probabilities=probabilities,
            calibration=calibration(probabilities, gold),
        )
        result = replace(result, against={base.method: result.compare(base) for base in baselines})
        if not result.needs_model and result.method != MAJORITY:
            baselines.append(result)
        found.append(result)
    return tuple(found)


def _rounded(probabilities: np.ndarray) -> list[list[float]]:
    """Round probabilities (n, K); the most probable class stays the first of the largest."""
    rounded = probabilities.round(_DIGITS)
    best = probabilities.argmax(axis=1)
    rows = np.arange(len(rounded))
    rounded[rows, best] += np.where(rounded.argmax(axis=1) == best, 0.0, 10.0**-_DIGITS)
    return [[round(value, _DIGITS) for value in row] for row in rounded.tolist()]
