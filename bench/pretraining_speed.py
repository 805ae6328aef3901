"""Words per second of pretraining, beside the same model trained by a plain loop.

    python -m bench.pretraining_speed --text 'corpus/*.txt' [--threads 1] [--steps 4] [--compile]

The plain loop is straightforward: every token goes through the char CNN with all its columns, `torch.nn.LSTM`
with a projection, a full softmax, float32, AdamW on everything. Both train the shipped shape on the same
batches, alternating in one process; the median step counts.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.reporting import arguments
from elmo_core.nn.bilm import BACKWARD, FORWARD
from elmo_core.pretraining.cache import TokenCache, open_corpus
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.pretraining.streams import TokenStream
from elmo_core.pretraining.trainer import Trainer
from elmo_core.text.characters import words_to_ids


class TrainablePlainBiLM(nn.Module):
    """The shipped shape in plain PyTorch (no clipping: `torch.nn.LSTM` has none)."""

    def __init__(self, config: PretrainConfig, n_words: int) -> None:
        super().__init__()
        shape, cnn = config.model, config.model.char_cnn
        assert cnn is not None
        self.characters = nn.Embedding(cnn.n_characters, cnn.embedding_dim)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(cnn.embedding_dim, number, width) for width, number in cnn.filters
        )
        self.gate = nn.Linear(cnn.n_filters, cnn.n_filters)
        self.transform = nn.Linear(cnn.n_filters, cnn.n_filters)
        self.projection = nn.Linear(cnn.n_filters, shape.projection_dim)
        self.lstms = nn.ModuleList(
            nn.LSTM(shape.projection_dim, shape.lstm_dim, shape.n_layers, proj_size=shape.projection_dim)
            for _ in (FORWARD, BACKWARD)
        )
        self.softmax = nn.Linear(shape.projection_dim, n_words)

    def forward(self, characters: Tensor, targets: Tensor, direction: int) -> Tensor:
        """Return the mean loss of one direction: characters (T, B, C), targets (T, B)."""
        steps, rows, columns = characters.shape
        x = self.characters(characters.reshape(-1, columns)).transpose(1, 2)  # (T * B, e, C)
        x = torch.cat([conv(x).amax(dim=2).relu() for conv in self.convolutions], dim=1)
        gate = self.gate(x).sigmoid()
        x = self.projection(gate * self.transform(x).relu() + (1 - gate) * x)
        context, _ = self.lstms[direction](x.view(steps, rows, -1))
        return functional.cross_entropy(self.softmax(context).flatten(0, 1), targets.reshape(-1))


def plain_step(config: PretrainConfig, cache: TokenCache, n_words: int) -> Callable[[], None]:
    """Return a function that takes one step of the plain loop."""
    model = TrainablePlainBiLM(config, n_words)
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.learning_rate)
    characters = torch.from_numpy(words_to_ids(cache.types)).long()
    streams = [
        TokenStream(cache, direction, config.rows, "sentences", 1) for direction in (FORWARD, BACKWARD)
    ]

    def step() -> None:
        loss = torch.zeros(())
        for direction, stream in enumerate(streams):
            batch = stream.next_batch(config.unroll_steps)
            targets = torch.from_numpy(np.where(batch.targets < n_words, batch.targets, 2))
            loss = loss + 0.5 * model(characters[torch.from_numpy(batch.inputs)], targets, direction)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimiser.step()
        optimiser.zero_grad()

    return step


def trainer_step(config: PretrainConfig, cache: TokenCache, folder: Path) -> Callable[[], None]:
    """Return a function that takes one step of the project's trainer."""
    settings = dataclasses.replace(config, log_steps=1, checkpoint_steps=10**9)
    rows = Trainer(settings, cache, [["the"]], folder).run()
    return lambda: (next(rows), None)[1]


def seconds(step: Callable[[], None]) -> float:
    """Time one call by the clock."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def main() -> None:
    """Alternate both loops and print words per second and the ratio."""
    parser = arguments(__doc__)
    parser.add_argument("--text", required=True, nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cache = open_corpus(options.text, Path(folder))
        config = PretrainConfig(dtype="bfloat16", compile=options.compile, threads=options.threads)
        n_words = min(config.vocabulary_size, len(cache.types))
        config = dataclasses.replace(config, min_count=1)
        steps = {
            "trainer": trainer_step(config, cache, Path(folder) / "run"),
            "plain loop": plain_step(config, cache, n_words),
        }
        for step in steps.values():
            step()  # compilation and first allocations
        times: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(options.steps):
            for name, step in steps.items():
                times[name].append(seconds(step))
    speed = {name: config.words_per_step / statistics.median(taken) for name, taken in times.items()}
    sys.stdout.write(
        f"vocabulary {n_words:,}, {options.threads} thread(s), median of {options.steps} steps\n"
    )
    for name, words in speed.items():
        sys.stdout.write(f"{name:12} {words:8,.0f} words/s\n")
    sys.stdout.write(f"ratio        {speed['trainer'] / speed['plain loop']:8.1f}\n")


if __name__ == "__main__":
    main()
