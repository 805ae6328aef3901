"""How surprising the bundled samples are to a model: what a text's numbers stand beside.

The samples were written for this project, so no public model was trained on them. For the model that
ships, the figures over all of them are kept (`data/samples/surprise.json`, by `python -m bench.surprise
--keep`); for any other one they are computed from the first sentences of each sample.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from elmo_core.encoders.likelihoods import SIDES
from elmo_core.encoders.protocol import Encoder
from elmo_core.pretraining.evaluation import Perplexity
from elmo_core.progress import Report
from elmo_core.reading.text import perplexity_of, read_text, require_likelihoods
from elmo_core.shipped import shipped
from elmo_core.tables.corpus import read_column
from elmo_core.tables.reading import read_table_file
from elmo_core.text.tokenisation import tokenise

SAMPLES = {
    "example sentences": ("data/samples/senses.csv", "sentence"),
    "news and guidebooks": ("data/samples/topics.csv", "text"),
    "reviews": ("data/samples/reviews.csv", "text"),
}
"""The samples by name: file and column of text."""
N_SENTENCES = 30
"""First sentences of each sample that are read for a model without kept figures."""
KEPT = "data/samples/surprise.json"
_LEVELS = np.linspace(0, 100, 401)  # percentiles that are kept


@dataclass(frozen=True, eq=False)
class SampleSurprise:
    """The surprise of the words of the samples."""

    n_tokens: int
    n_sentences: int
    quantiles: np.ndarray
    """float64 (3, 401), rows as `SIDES`: bits at each quarter of a percent."""
    perplexities: dict[str, Perplexity]
    """Of each sample, by name."""

    def percentiles(self, bits: np.ndarray) -> np.ndarray:
        """Return the percent of the samples' tokens that surprise less: float64 (3, T), as `bits`."""
        rows = zip(bits, self.quantiles, strict=True)
        found = np.array([_LEVELS[np.maximum(np.searchsorted(own, row) - 1, 0)] for row, own in rows])
        return np.where(np.isnan(bits), np.nan, found)

    @property
    def origin(self) -> str:
        """What the percentiles are percentiles of, in words."""
        return f"the {self.n_tokens:,} words of {self.n_sentences:,} sentences of the bundled samples"


def sample_surprise(elmo: Encoder, report: Report | None = None) -> SampleSurprise:
    """Return the kept figures of a model, or compute them from the first sentences of each sample.

    Args:
        elmo: a model with a softmax or a masked-LM head.
        report: progress callback.

    Raises:
        ConfigError: see `require_likelihoods`.
        ModelError: see there.
    """
    return kept_surprise(elmo) or measure_samples(elmo, N_SENTENCES, report)


def kept_surprise(elmo: Encoder) -> SampleSurprise | None:
    """Return the figures that are kept for a model; None where there are none."""
    found = json.loads(shipped(KEPT).read_text("utf-8")).get(require_likelihoods(elmo).fingerprint)
    return None if found is None else _from_json(found)


def measure_samples(
    elmo: Encoder, n_sentences: int | None = None, report: Report | None = None
) -> SampleSurprise:
    """Read the samples.

    Args:
        elmo: a model with a softmax or a masked-LM head.
        n_sentences: first sentences of each sample to read; None = all.
        report: progress callback.
    """
    sentences = {name: _sentences(name)[:n_sentences] for name in SAMPLES}
    read = read_text(
        elmo, [one for of_sample in sentences.values() for one in of_sample], n_expected=0, report=report
    )
    perplexities, at = {}, 0
    for name, of_sample in sentences.items():
        perplexities[name] = perplexity_of(read.sentences[at : at + len(of_sample)])
        at += len(of_sample)
    quantiles = np.percentile(read.bits.astype(np.float64), _LEVELS, axis=1).T
    return SampleSurprise(read.n_tokens, len(read.sentences), quantiles, perplexities)


def to_json(found: SampleSurprise) -> dict[str, Any]:
    """Return the figures as `kept_surprise` reads them, bits with three decimals."""
    return {
        "tokens": found.n_tokens,
        "sentences": found.n_sentences,
        "quantiles": dict(zip(SIDES, found.quantiles.round(3).tolist(), strict=True)),
        "perplexities": {name: asdict(one) for name, one in found.perplexities.items()},
    }


def _from_json(found: dict[str, Any]) -> SampleSurprise:
    return SampleSurprise(
        found["tokens"],
        found["sentences"],
        np.array([found["quantiles"][side] for side in SIDES]),
        {name: Perplexity(**one) for name, one in found["perplexities"].items()},
    )


def _sentences(sample: str) -> list[list[str]]:
    path, column = SAMPLES[sample]
    text = read_column(read_table_file(shipped(path)), column)
    return [tokens for one in text.sentences if (tokens := tokenise(one))]
