"""What int8 would bring the engine, and what it would cost: products, whole batches, vectors.

    python -m bench.int8 [--shapes english-small official-small official-original] [--sentences 1000]
        [--rounds 3] [--text FILE] [--senses]

* Each product of an LSTM layer at the engine's own shapes, float32 beside int8 (`bench.int8_products`).
* Batches of known words by the engine, its LSTM layers making all their products in int8. Beside it are the
  same layers in float32, so that their loop, which is in Python, does not count against int8.
* For the shipped model the cosine of every token in every layer to float32, how many sentences have the same
  bits alone and in the batch and, with `--senses`, the senses of ten words.

All take turns in one process with one thread; the least processor time counts.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from bench.engine_inputs import SHAPES, SHIPPED, load_shape, read_sentences
from bench.int8_products import FLOAT32, KINDS, Product
from bench.reporting import arguments
from bench.sense_layers import senses_by_layer
from elmo_core.embedder import Elmo
from elmo_core.embedding.engine import Sizes
from elmo_core.nn.bilm import FORWARD
from elmo_core.nn.cells import cell_in_place
from elmo_core.nn.lstm import LSTMState, ProjectedLSTM
from elmo_core.weights.store import StoredModel

_INT8 = [kind for kind in KINDS if kind != FLOAT32]
_ENGINE, _IN_LAYERS = "engine", (FLOAT32, "oneDNN, a batch", "oneDNN, a row")
_LEAST_S, _ALONE, _BOUND = 0.05, 50, 0.999


class OtherLSTM(nn.Module):
    """A layer with products of another kind, to stand in the engine's model."""

    def __init__(self, layer: ProjectedLSTM, make: Callable[[Tensor], Product]) -> None:
        """Take over the weights."""
        super().__init__()
        self.layer, self.zero_state = layer, layer.zero_state
        assert layer.weight_projection is not None, "all shapes of this measurement have projections"
        weights = layer.weight_input, layer.weight_hidden, layer.weight_projection
        self.input, self.hidden, self.projection = (make(weight.detach()) for weight in weights)

    @torch.no_grad()
    def forward(self, inputs: Tensor, sizes: Sequence[int], state: LSTMState) -> tuple[Tensor, LSTMState]:
        """See `ProjectedLSTM.forward`."""
        sums = self.input(inputs).add_(self.layer.bias)  # (N, 4D)
        output, cell = state.output.clone(), state.cell.clone()
        outputs, start = inputs.new_empty(len(inputs), output.shape[1]), 0
        for size in sizes:
            gates = sums[start : start + size].add_(self.hidden(output[:size]))
            hidden = cell_in_place(gates, cell[:size], self.layer.cell_clip)
            bound = self.layer.projection_clip
            output[:size] = outputs[start : start + size] = self.projection(hidden).clamp_(-bound, bound)
            start += size
        return outputs, LSTMState(output, cell)


def with_products(stored: StoredModel, kind: str) -> Elmo:
    """The model with layers of that kind."""
    model = copy.deepcopy(stored.model)
    for layers in model.directions:
        assert isinstance(layers, nn.ModuleList)
        for index, layer in enumerate(list(layers)):
            layers[index] = OtherLSTM(layer, KINDS[kind])  # type: ignore[arg-type]
    return Elmo(dataclasses.replace(stored, model=model), dtype=FLOAT32, threads=1)


def least_seconds(
    calls: Mapping[str, Callable[[], object]], rounds: int, at_least: float
) -> dict[str, float]:
    """Processor time of one call, the least of the rounds; each round takes that many seconds or more."""
    best = dict.fromkeys(calls, float("inf"))
    for call in calls.values():
        call()  # whatever only the first one does
    for _ in range(rounds):
        for name, call in calls.items():
            start, n_calls, taken = time.process_time(), 0, 0.0
            while not n_calls or taken < at_least:
                call()
                n_calls, taken = n_calls + 1, time.process_time() - start
            best[name] = min(best[name], taken / n_calls)
    return best


def product_rows(name: str, layer: ProjectedLSTM, rounds: int) -> Iterator[str]:
    """A line for each product: of the engine's many rows, and of a single sentence's four."""
    sizes = Sizes.of(torch.device("cpu"), 4 * layer.cell_dim * layer.bias.itemsize)
    weights = {"input": layer.weight_input, "step": layer.weight_hidden, "cells": layer.weight_projection}
    n_rows = {"input": max(sizes.chunk, sizes.rows), "step": sizes.rows, "cells": sizes.rows}
    for which, rows in [*n_rows.items(), ("step", 4)]:
        weight = weights[which].detach()  # type: ignore[union-attr]
        given = torch.randn(rows, len(weight), generator=torch.Generator().manual_seed(0))
        calls = {kind: functools.partial(make(weight), given) for kind, make in KINDS.items()}
        best = least_seconds(calls, rounds, _LEAST_S)
        gflops = 2e-9 * rows * weight.numel() / best[FLOAT32]
        shares = " | ".join(f"{best[FLOAT32] / best[kind]:.1f}" for kind in _INT8)
        shape = f"{which} {rows} x {weight.shape[0]:,} x {weight.shape[1]:,}"
        yield f"| {name} | {shape} | {1e6 * best[FLOAT32]:,.0f} | {gflops:.0f} | {shares} |\n"


def batch_row(stored: StoredModel, sentences: list[list[str]], rounds: int) -> str:
    """A line of whole batches, all words known."""
    models = {_ENGINE: Elmo(stored, dtype=FLOAT32, threads=1)}
    models |= {kind: with_products(stored, kind) for kind in _IN_LAYERS}
    calls = {name: functools.partial(elmo.embed, sentences) for name, elmo in models.items()}
    best = least_seconds(calls, rounds, 0.0)
    n_words = sum(map(len, sentences))
    shares = " | ".join(f"{best[_ENGINE] / best[kind]:.2f}" for kind in _IN_LAYERS)
    return f"| {stored.name} | {n_words:,} | {n_words / best[_ENGINE]:,.0f} | {shares} |\n"


def vector_row(stored: StoredModel, kind: str, sentences: list[list[str]], senses: bool) -> str:
    """A line: cosines to the engine in float32 (or its own), bits alone and in the batch, senses."""
    engine = Elmo(stored, dtype=FLOAT32, threads=1)
    elmo = engine if kind == _ENGINE else with_products(stored, kind)
    exact = [item.layers for item in engine.embed(sentences)]
    found = [item.layers for item in elmo.embed(sentences)]
    a, b = (np.concatenate(layers, axis=1, dtype=np.float64)[1:] for layers in (exact, found))  # (L, T, 2P)
    cosines = (a * b).sum(axis=2) / (np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2))
    alone = (elmo.embed([tokens])[0].layers for tokens in sentences[:_ALONE])
    same = sum(bool((one == many).all()) for one, many in zip(alone, found, strict=False))
    told = [f"{layer.min():.5f} / {layer.mean():.5f}" for layer in cosines]
    told += [f"{(cosines.min(axis=0) < _BOUND).sum():,} of {cosines.shape[1]:,}", f"{same} of {_ALONE}"]
    if senses:
        told.append(" / ".join(f"{score:.1f}" for score in list(senses_by_layer(elmo).values())[1:]))
    return f"| {kind} | {' | '.join(told)} |\n"


def _head(*columns: str) -> str:
    return f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"


def main() -> None:
    """Measure and print three tables."""
    parser = arguments(__doc__)
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument("--sentences", type=int, default=1000, help="of the batches")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--text", type=Path, help="UTF-8 text; default: the bundled samples")
    parser.add_argument("--senses", action="store_true", help="takes minutes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sentences = read_sentences(options.text)
    models = {name: load_shape(name)[0] for name in options.shapes}
    sys.stdout.write(_head("model", "product", "float32 µs", "GFLOP/s", *_INT8))
    for name, stored in models.items():
        sys.stdout.writelines(product_rows(name, stored.model.lstms(FORWARD)[0], options.rounds))
    sys.stdout.write(_head("model", "words", "engine words/s", *_IN_LAYERS))
    for stored in models.values():
        sys.stdout.write(batch_row(stored, sentences[: options.sentences], options.rounds))
        sys.stdout.flush()
    if SHIPPED in models:
        layers = [f"layer {index}" for index in range(1, 1 + models[SHIPPED].model.config.n_layers)]
        columns = "products", *layers, f"below {_BOUND}", "same bits alone", *["senses"] * options.senses
        sys.stdout.write(_head(*columns))
        for kind in (_ENGINE, *_IN_LAYERS[1:]):
            sys.stdout.write(vector_row(models[SHIPPED], kind, sentences, options.senses))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
