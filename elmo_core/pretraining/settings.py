"""All settings of a training run, as one JSON file."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, Self

from elmo_core.config import BiLMConfig, CharCNNConfig, JsonConfig
from elmo_core.exceptions import ConfigError

SMALL = BiLMConfig(
    lstm_dim=512,
    projection_dim=256,
    char_cnn=CharCNNConfig(filters=((1, 32), (2, 64), (3, 128), (4, 192), (5, 256)), n_highway=1),
    n_words=4,
    has_softmax=True,
)
"""Shape of the shipped model; `n_words` follows from the corpus."""


_POSITIVE = (
    "rows", "unroll_steps", "n_sampled", "total_words", "checkpoint_steps", "log_steps", "threads",
    "learning_rate", "clip_norm", "valid_tokens", "min_count",
)  # fmt: skip


@dataclass(frozen=True)
class PretrainConfig(JsonConfig):
    """Settings of a training run; the defaults are the recipe of the shipped model."""

    model: BiLMConfig = SMALL
    """Shape of the model; its n_words is replaced by the size of the vocabulary found."""
    vocabulary_size: int = 50_000
    """Cap of the vocabulary, the three special words included."""
    min_count: int = 3
    """Words seen less often are not predicted (they are `<UNK>` as targets)."""
    tagged: bool = False
    """Give the model the part of speech of each token; the corpus is in CoNLL-U."""
    order: Literal["sentences", "documents"] = "sentences"
    """Unit that is shuffled in each epoch: sentences (official) or whole documents, read in order."""
    lowercase_share: float = 0.0
    """Share of the sentences of each epoch that are read in lower case."""
    rows: int = 128
    """Parallel streams B of each direction."""
    unroll_steps: int = 20
    """Tokens T of each stream in one step; gradients do not reach further back."""
    softmax: Literal["auto", "full", "sampled"] = "auto"
    """auto = full where the vocabulary is at most twice n_sampled."""
    n_sampled: int = 2048
    """Words drawn for each direction of each step by the sampled softmax."""
    optimiser: Literal["adamw", "adagrad"] = "adamw"
    """adamw with warm-up and cosine, or the paper's Adagrad at a constant rate."""
    learning_rate: float = 1.5e-3
    """Peak rate (adamw) or constant rate (adagrad)."""
    warm_up_steps: int = 300
    """Steps of linear warm-up (adamw)."""
    decay_from: float = 0.9
    """Share of total_words after which the cosine starts to fall; before it the rate is held (adamw)."""
    final_rate: float = 0.02
    """Last rate as a share of the peak (adamw)."""
    weight_decay: float = 0.01
    """Decoupled decay of the weight matrices, the softmax excepted (adamw)."""
    total_words: int = 400_000_000
    """Words to see in all, over all epochs."""
    loss_times_unroll: bool = False
    """Official semantics: gradients are those of the loss times unroll_steps."""
    clip_norm: float = 1.0
    """Bound of the global norm of all gradients."""
    dropout: float = 0.0
    """Dropout of each LSTM layer's input and of the last output."""
    average_decay: float = 0.99
    """Decay, per 10 steps, of the running average of the weights that is evaluated and exported; 0 = none."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """auto = a graphics processor where there is one; each process of `torchrun` takes one of its own."""
    dtype: Literal["auto", "float32", "bfloat16"] = "float32"
    """Number format of the products; weights, optimiser and cell states stay float32. auto = bfloat16
    where the device has products of its own for it (a run that is resumed elsewhere may then change)."""
    compile: bool = False
    """Fuse the pointwise steps with torch.compile (needs a C++ compiler; pays off after minutes)."""
    threads: int = 1
    """CPU threads; fixed, because sums depend on it."""
    checkpoint_steps: int = 500
    """Steps between checkpoints, each with a held-out perplexity."""
    valid_tokens: int = 20_000
    """Tokens of the held-out text used at checkpoints (its beginning)."""
    patience: int = 0
    """Stop after that many checkpoints without a better perplexity; 0 = never."""
    log_steps: int = 50
    """Steps between rows of the history."""
    warm_start: bool = False
    """Start from word2vec vectors of the same text (softmax rows and char CNN)."""
    seed: int = 42
    """Seed of weights, shuffles and samples."""

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            if not 0 < getattr(self, name) < math.inf:  # what is no number is not between them either
                raise ConfigError(f"{name} must be positive, got {getattr(self, name)}.")
        for name in ("warm_up_steps", "weight_decay", "patience", "seed"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}.")
        for name in ("dropout", "average_decay", "decay_from", "lowercase_share", "final_rate"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must be in [0, 1), got {getattr(self, name)}.")
        if self.vocabulary_size < 4:
            raise ConfigError(f"vocabulary_size must be at least 4, got {self.vocabulary_size}.")
        if self.tagged and self.warm_start:
            raise ConfigError("warm_start is of words without tags; switch it off, or tagged.")
        if not self.model.has_softmax:
            raise ConfigError("model.has_softmax must be true: a language model is trained to predict words.")

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """As `JsonConfig.from_dict`; of the model, what is not given is that of the shipped shape."""
        if isinstance(values, dict) and isinstance(values.get("model"), dict):
            values = {**values, "model": {**SMALL.to_dict(), **values["model"]}}
        return super().from_dict(values)

    @property
    def words_per_step(self) -> int:
        """Tokens of one direction in one step."""
        return self.rows * self.unroll_steps

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return max(1, self.total_words // self.words_per_step)

    def uses_sampling(self, n_words: int) -> bool:
        """Whether the sampled softmax serves a vocabulary of that size."""
        if self.softmax == "auto":
            return n_words > 2 * self.n_sampled
        return self.softmax == "sampled"

    def softmax_choice(self, n_words: int) -> str:
        """Which softmax is trained, and why: one sentence for the log."""
        if self.softmax != "auto":
            return f"{self.softmax} softmax over {n_words:,} words, as the settings say"
        if self.uses_sampling(n_words):
            why = f"{n_words:,} words are more than twice the sample"
            return f"sampled softmax, {self.n_sampled:,} words a step: {why}"
        return f"full softmax: {n_words:,} words are at most twice a sample of {self.n_sampled:,}"
