"""An estimate before a run starts: memory from its shapes, time from two real steps."""

from __future__ import annotations

from dataclasses import dataclass

from elmo_core.measuring.durations import duration
from elmo_core.memory import available_bytes
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.settings import PretrainConfig

_COPIES = {"adamw": 4, "adagrad": 3}
"""float32 numbers for each parameter: weight, gradient, and what the optimiser remembers."""


@dataclass(frozen=True)
class RunEstimate:
    """Memory and time of a whole run."""

    n_parameters: int
    weight_bytes: int
    """Weights, gradients, optimiser, running average and the copy that is evaluated."""
    step_bytes: int
    """Activations of one step."""
    words_per_s: float
    """Measured on one step, its update of the weights not included."""
    seconds: float
    """Seconds for the words that are still to be seen."""

    def __str__(self) -> str:
        megabytes = (self.weight_bytes + self.step_bytes) / 1e6
        return (
            f"{self.n_parameters:,} parameters; about {megabytes:,.0f} MB of memory; "
            f"about {self.words_per_s:,.0f} words/s, so {duration(self.seconds)} to the end"
        )

    @property
    def warning(self) -> str:
        """One sentence where the memory is not there; empty otherwise."""
        free, needed = available_bytes(), self.weight_bytes + self.step_bytes
        if free is None or needed <= free:
            return ""
        return (
            f"The run needs about {needed / 1e9:.1f} GB, but {free / 1e9:.1f} GB are free; "
            "lower rows, unroll_steps or n_sampled."
        )


def estimate_run(
    config: PretrainConfig, model: BiLM, seconds_per_step: float, steps_done: int, further_copies: int = 0
) -> RunEstimate:
    """Estimate a run.

    Args:
        config: its settings.
        model: its model.
        seconds_per_step: as `Learner.seconds_per_step` measures it.
        steps_done: of a resumed run.
        further_copies: float32 numbers that are kept for each parameter beside the usual ones.
    """
    n_parameters = sum(parameter.numel() for parameter in model.parameters())
    copies = _COPIES[config.optimiser] + (1 if config.average_decay else 0) + 1 + further_copies
    words_per_s = config.words_per_step / seconds_per_step
    words_left = (config.total_steps - steps_done) * config.words_per_step
    return RunEstimate(
        n_parameters,
        4 * copies * n_parameters,
        _step_bytes(config, model),
        words_per_s,
        words_left / words_per_s,
    )


def _step_bytes(config: PretrainConfig, model: BiLM) -> int:
    """Memory of the backward pass of one step, both directions, in the dtype of the products."""
    shape, n_tokens = model.config, config.words_per_step
    width = 2 if config.dtype == "bfloat16" else 4
    # a layer keeps gates (4D), the output before its projection (D), sums (4D), output (P); cells in float32
    layer = width * (9 * shape.lstm_dim + 2 * shape.projection_dim) + 4 * shape.lstm_dim
    sampled = config.uses_sampling(shape.n_words)
    n_logits = config.n_sampled if sampled else shape.n_words
    softmax = (4 + width) * n_logits
    characters = 0
    if shape.char_cnn:
        # about 6 positions of each filter and its window for a third of the tokens, the distinct ones
        windows = sum(size * shape.char_cnn.embedding_dim + number for size, number in shape.char_cnn.filters)
        characters = width * 6 * windows // 3
    return 2 * n_tokens * (shape.n_layers * layer + softmax + characters)
