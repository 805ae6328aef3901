"""Results of compared taggers as JSON: their predictions, from which every score is computed anew."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from elmo_core.learning.epochs import Epoch
from elmo_core.learning.results import SkippedMethod, results_run
from elmo_core.learning.tagger import ElmoTagger
from elmo_core.learning.tags.prediction import FoundSpan, TaggedSentence, as_tagged
from elmo_core.learning.tags.results import TagComparisonSettings, TagResult
from elmo_core.learning.tags.scores import score_tags
from elmo_core.learning.tags.sentences import TaggedSentences

_DIGITS = 4


def results_to_json(
    results: Iterable[TagResult | SkippedMethod],
    settings: TagComparisonSettings,
    train: TaggedSentences,
    test: TaggedSentences,
) -> dict[str, Any]:
    """Keep the predictions of the methods that were run.

    Args:
        results: of the comparison.
        settings: how it was made.
        train: sentences that were learned from.
        test: sentences that were tested on.
    """
    return {
        "data": _digest(train, test),
        "settings": asdict(settings),
        "methods": [
            {
                "method": result.method,
                "needs_model": result.needs_model,
                "seconds": round(result.seconds, 1),
                "layer_weights": list(result.layer_weights) if result.layer_weights else None,
                "predicted": [" ".join(tags) for tags in result.predicted],
                "probabilities": [
                    [round(found.probability, _DIGITS) for found in sentence.found]
                    for sentence in result.tagged
                ],
                "epochs": [
                    [epoch.number, round(epoch.train_loss, _DIGITS), epoch.score, round(epoch.seconds, 2)]
                    for epoch in result.history
                ],
            }
            for result in results_run(results)
        ],
    }


def results_from_json(
    kept: Mapping[str, Any],
    train: TaggedSentences,
    test: TaggedSentences,
    tagger: ElmoTagger,
    method: str,
) -> tuple[TagResult, ...]:
    """Score the kept predictions; empty where they are of other sentences.

    Args:
        kept: as `results_to_json` returned it.
        train: sentences to learn from.
        test: sentences to test on.
        tagger: the one that was kept; it gets the epochs of its method.
        method: what it belongs to; all other results come without a tagger.
    """
    if kept["data"] != _digest(train, test):
        return ()
    settings = settings_of(kept)
    found: list[TagResult] = []
    baselines: list[TagResult] = []
    for one in kept["methods"]:
        predicted = tuple(tuple(tags.split()) for tags in one["predicted"])
        weights, is_kept = one["layer_weights"], one["method"] == method
        if is_kept:
            tagger.history_ = tuple(Epoch(*numbers) for numbers in one["epochs"])
        result = TagResult(
            method=one["method"],
            needs_model=one["needs_model"],
            rows=np.arange(len(train), len(train) + len(test)),
            scores=score_tags(test.tags, predicted, is_spans=test.is_spans, seed=settings.seed),
            seed=settings.seed,
            n_train=len(train),
            seconds=one["seconds"],
            layer_weights=tuple(weights) if weights else None,
            is_spans=test.is_spans,
            gold=test.tags,
            predicted=predicted,
            tagged=_tagged(test, predicted, one["probabilities"]),
            estimator=tagger if is_kept else None,
        )
        found.append(replace(result, against={base.method: result.compare(base) for base in baselines}))
        if not result.needs_model:
            baselines.append(result)
    return tuple(found)


def rounded(tagger: ElmoTagger) -> ElmoTagger:
    """Round the parameters of a tagger to float16 in place, so that its file packs to half the size."""
    with torch.no_grad():
        for parameter in tagger.head_.parameters():
            parameter.copy_(parameter.half().float())
    return tagger


def settings_of(kept: Mapping[str, Any]) -> TagComparisonSettings:
    """Return the settings of a comparison that was kept."""
    return TagComparisonSettings(**{**kept["settings"], "methods": tuple(kept["settings"]["methods"])})


def _digest(train: TaggedSentences, test: TaggedSentences) -> str:
    """Identify the sentences of a comparison."""
    whole = repr([(part.tokens, part.tags) for part in (train, test)])
    return hashlib.sha256(whole.encode()).hexdigest()


def _tagged(
    test: TaggedSentences, predicted: tuple[tuple[str, ...], ...], probabilities: list[list[float]]
) -> tuple[TaggedSentence, ...]:
    """The test sentences with the probability of each span; none of methods without probabilities."""
    if not probabilities:
        return ()
    sentences = []
    for tokens, tags, sure in zip(test.tokens, predicted, probabilities, strict=True):
        one = as_tagged(tokens, tags, is_spans=test.is_spans)
        found = (FoundSpan(span.span, share) for span, share in zip(one.found, sure, strict=True))
        sentences.append(replace(one, found=tuple(found)))
    return tuple(sentences)
