"""Whether an adaptive softmax would serve pretraining: time of a step's loss, and perplexity.

    python -m bench.adaptive_softmax --train 'corpus/*.xz' --valid held-out.xz --cache folder/ --csv rows.csv
        [--words 300000] [--seeds 42 43] [--kinds "sampled 1,024" adaptive] [--rounds 5]

* The losses of both directions and their gradients alone, 1,280 predictions each, by the full softmax, the
  sampled one (2,048 words, drawing them included) and torch's `AdaptiveLogSoftmaxWithLoss`; targets are drawn
  by the corpus' frequencies. All take turns; the least processor time counts. One thread.
* The base of `bench.recipes` over the same words in the same order, learned by each; the perplexity of
  held-out text is always that over all words. A finished run is a row of the CSV and is not run again.

The adaptive one has torch's parts: words in clusters by falling count, those after 2,000 and 10,000 at a
quarter and a sixteenth of the width; the head has a bias, as the other two have.
"""

from __future__ import annotations

import dataclasses
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from bench.kept_rows import KeptRows
from bench.recipes import Recipe
from bench.reporting import progress, table, training_arguments
from elmo_core.nn.softmax import WordSoftmax, log_uniform_sample
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.evaluation import text_perplexity
from elmo_core.pretraining.learner import Learner
from elmo_core.pretraining.optimisation import Optimisation
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.trainer import build_vocabulary
from elmo_core.pretraining.workers import Workers

KINDS = ("full", "sampled", "adaptive")
_LEARNT: dict[str, dict[str, Any]] = {
    "full": {"softmax": "full"},
    "sampled 1,024": {"softmax": "sampled", "n_sampled": 1024},
    "sampled 2,048": {"softmax": "sampled", "n_sampled": 2048},
    "adaptive": {"softmax": "full"},
}
_WIDTHS, _VOCABULARIES, _PREDICTIONS = (64, 128, 256), (5_000, 20_000, 50_000), 1280
_CUTOFFS, _DIVIDED = (2_000, 10_000), 4.0
_BLOCK = 512


class AdaptiveSoftmax(nn.Module):
    """In place of `WordSoftmax`, where no matrix is asked for."""

    def __init__(self, n_words: int, dim: int) -> None:
        """See `WordSoftmax`."""
        super().__init__()
        cutoffs = [cutoff for cutoff in _CUTOFFS if cutoff < n_words]
        self.parts = nn.AdaptiveLogSoftmaxWithLoss(dim, n_words, cutoffs, _DIVIDED, head_bias=True)

    def full_loss(self, context: Tensor, targets: Tensor) -> Tensor:
        """See `WordSoftmax`."""
        return self.parts(context, targets).loss  # type: ignore[no-any-return]

    def log_probability(self, context: Tensor, targets: Tensor) -> Tensor:
        """See `WordSoftmax`."""
        blocks = zip(context.float().split(_BLOCK), targets.split(_BLOCK), strict=True)
        return torch.cat([self.parts(*block).output for block in blocks])


def step_losses(kind: str, n_words: int, dim: int, targets: Tensor) -> Callable[[], None]:
    """The losses of both directions with their gradients."""
    torch.manual_seed(0)
    softmax = AdaptiveSoftmax(n_words, dim) if kind == "adaptive" else WordSoftmax(n_words, dim)
    context = torch.randn(len(targets), dim).requires_grad_()
    generator, n_sampled = np.random.default_rng(0), PretrainConfig().n_sampled

    def run() -> None:
        losses = []
        for _ in range(2):
            if kind == "sampled":
                sample = log_uniform_sample(n_words, n_sampled, generator)
                losses.append(softmax.sampled_loss(context, targets, sample))  # type: ignore[operator]
            else:
                losses.append(softmax.full_loss(context, targets))
        (0.5 * (losses[0] + losses[1])).backward()
        softmax.zero_grad(set_to_none=True)
        context.grad = None

    return run


def time_rows(counts: np.ndarray, rounds: int) -> Iterator[str]:
    """A table of milliseconds."""
    yield f"| words | projection | {' | '.join(f'{kind} ms' for kind in KINDS)} |\n|{'---|' * 5}\n"
    for n_words, dim in itertools.product(_VOCABULARIES, _WIDTHS):
        yield time_row(n_words, dim, counts, rounds)


def time_row(n_words: int, dim: int, counts: np.ndarray, rounds: int) -> str:
    """A line of it."""
    frequent = np.sort(counts)[::-1][:n_words].astype(np.float64)
    drawn = np.random.default_rng(0).choice(len(frequent), _PREDICTIONS, p=frequent / frequent.sum())
    calls = {kind: step_losses(kind, n_words, dim, torch.from_numpy(drawn)) for kind in KINDS}
    best = dict.fromkeys(KINDS, float("inf"))
    for call in calls.values():
        call()
    for _ in range(rounds):
        for kind, call in calls.items():
            start = time.process_time()
            call()
            best[kind] = min(best[kind], time.process_time() - start)
    cells = " | ".join(f"{1000 * best[kind]:.0f}" for kind in KINDS)
    return f"| {n_words:,} | {dim} | {cells} |\n"


def trained(
    config: PretrainConfig, kind: str, cache: TokenCache, valid: list[list[str]]
) -> dict[str, object]:
    """Learn with a softmax, a name in `_LEARNT`: processor seconds, parameters of the softmax, perplexity."""
    vocabulary = build_vocabulary(cache, config)
    n_words = len(vocabulary)
    config = dataclasses.replace(
        config, model=dataclasses.replace(config.model, n_words=n_words), **_LEARNT[kind]
    )
    learner = Learner(config, cache, vocabulary, Workers())
    model = learner.model
    if kind == "adaptive":
        model.softmax = AdaptiveSoftmax(n_words, config.model.projection_dim)  # type: ignore[assignment]
        learner._optimisation = Optimisation(model, config, sampled=False)
    start = time.process_time()
    for step in range(config.total_steps):
        learner.train_step(step)
    seconds = time.process_time() - start
    size = sum(parameter.numel() for parameter in model.require_softmax().parameters())
    found = text_perplexity(model.eval(), vocabulary, valid)
    return {
        "vocabulary": n_words, "parameters": size, "seconds": f"{seconds:.1f}",
        "steps": config.total_steps, "perplexity": f"{found.mean:.1f}",
    }  # fmt: skip


def as_table(rows: list[dict[str, str]]) -> str:
    """A line for each run."""
    heads = (
        "softmax", "words learned from", "seed", "its parameters", "processor s", "s a step", "perplexity",
    )  # fmt: skip
    lines = []
    for row in rows:
        seconds, each = float(row["seconds"]), float(row["seconds"]) / int(row["steps"])
        lines.append(
            (
                row["softmax"], f"{int(row['words']):,}", row["seed"], f"{int(row['parameters']):,}",
                f"{seconds:.0f}", f"{each:.2f}", f"{float(row['perplexity']):.0f}",
            )
        )  # fmt: skip
    return table(heads, lines)


def main() -> None:
    """Measure what was not measured yet and print two tables."""
    parser = training_arguments(__doc__)
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--words", type=int, default=300_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--kinds", nargs="+", choices=_LEARNT, default=list(_LEARNT), help="to learn with")
    parser.add_argument("--rounds", type=int, default=5, help="of the times of a step; 0 = none")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    cache, held_out = (open_corpus(pattern, options.cache) for pattern in (options.train, options.valid))
    if options.rounds:
        sys.stdout.writelines(time_rows(cache.counts, options.rounds))
    sentences = [held_out.words(index) for index in range(min(held_out.n_sentences, 750))]
    kept = KeptRows(options.csv, ("softmax", "words", "seed"))
    for seed in options.seeds:
        for kind in options.kinds:
            if (kind, options.words, seed) not in kept:
                config = Recipe({"seed": seed}).settings(options.words)
                row = {"softmax": kind, "words": options.words, "seed": seed}
                kept.add(row | trained(config, kind, cache, sentences))
                progress(f"{kept.rows[-1]}")
    sys.stdout.write("\n" + as_table(kept.rows))


if __name__ == "__main__":
    main()
