"""Random weights in the official layout as a model of ours, and a run of it over whole sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_sequence, pad_packed_sequence

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.nn.bilm import BACKWARD, FORWARD, BiLM
from elmo_core.nn.lstm import LSTMState
from tests.reference import States, character_ids


def options_of(
    *, char_cnn: Mapping[str, Any] | None = None, has_characters: bool = True, **lstm: Any
) -> dict[str, Any]:
    """Options of a small official model, with some of them replaced."""
    default = {
        "dim": 6,
        "projection_dim": 4,
        "n_layers": 2,
        "cell_clip": 3.0,
        "proj_clip": 3.0,
        "use_skip_connections": True,
    }
    characters = {
        "embedding": {"dim": 3},
        "filters": [[1, 3], [2, 4], [5, 3]],
        "n_highway": 2,
        "activation": "relu",
        "n_characters": 262,
        "max_characters_per_token": 50,
    }
    options: dict[str, Any] = {"lstm": default | lstm}
    if has_characters:
        options["char_cnn"] = characters | dict(char_cnn or {})
    return options


def config_of(options: Mapping[str, Any], n_words: int = 0) -> BiLMConfig:
    lstm, cnn = options["lstm"], options.get("char_cnn")
    return BiLMConfig(
        lstm_dim=lstm["dim"],
        projection_dim=lstm["projection_dim"],
        n_layers=lstm["n_layers"],
        cell_clip=lstm["cell_clip"],
        projection_clip=lstm["proj_clip"],
        use_skip_connections=lstm["use_skip_connections"],
        char_cnn=cnn and char_cnn_config_of(cnn),
        n_words=n_words,
    )


def char_cnn_config_of(cnn: Mapping[str, Any]) -> CharCNNConfig:
    filters = tuple((width, number) for width, number in cnn["filters"])
    return CharCNNConfig(cnn["embedding"]["dim"], filters, cnn["activation"], cnn["n_highway"])


def state_dict_of(weights: Mapping[str, np.ndarray], projection_dim: int) -> dict[str, np.ndarray]:
    """Our names and shapes for weights in the official layout."""
    ours = {}
    for name, value in weights.items():
        group, _, leaf = name.rpartition("/")
        kind = leaf.rpartition("_")[0]
        if name == "embedding":
            ours["word_embedding.weight"] = value
        elif name == "char_embed":
            ours["char_cnn.embedding"] = np.concatenate([np.zeros_like(value[:1]), value])
        elif kind == "W_cnn":
            ours[f"char_cnn.filters.{leaf[6:]}"] = value[0].reshape(-1, value.shape[-1])
        elif kind == "b_cnn":
            ours[f"char_cnn.biases.{leaf[6:]}"] = value
        elif group.startswith("CNN_high_"):
            letter, part = leaf.split("_")
            full = {"W": "weight", "b": "bias"}[letter]
            ours[f"char_cnn.highways.{group[9:]}.{full}_{part}"] = value
        elif group == "CNN_proj":
            ours["char_cnn.projection." + ("weight" if leaf == "W_proj" else "bias")] = value.T
        else:
            ours |= _lstm_parameters(group, leaf, value, projection_dim)
    return ours


def _lstm_parameters(group: str, leaf: str, value: np.ndarray, projection_dim: int) -> dict[str, np.ndarray]:
    direction, _, _, cell, _ = group.split("/")
    prefix = f"directions.{direction[4:]}.{cell[4:]}."
    if leaf == "W_0":
        rows = np.split(value, [len(value) - projection_dim])
        return {prefix + "weight_input": rows[0], prefix + "weight_hidden": rows[1]}
    return {prefix + {"B": "bias", "W_P_0": "weight_projection"}[leaf]: value}


def model_of(
    weights: Mapping[str, np.ndarray], options: Mapping[str, Any], dtype: torch.dtype, n_words: int = 0
) -> BiLM:
    """Our model with these weights, in evaluation mode."""
    model = BiLM(config_of(options, n_words)).to(dtype).eval()
    ours = state_dict_of(weights, options["lstm"]["projection_dim"])
    model.load_state_dict({name: torch.from_numpy(value).to(dtype) for name, value in ours.items()})
    return model


def run(
    model: BiLM,
    sentences: Sequence[Sequence[Any]],
    states: States | None = None,
    dtype: torch.dtype | None = None,
) -> tuple[list[np.ndarray], States]:
    """As `reference.bilm`: all layers (L, T, 2P) of each sentence, and the states after them."""
    order = sorted(range(len(sentences)), key=lambda row: -len(sentences[row]))
    rows = len(sentences) if states is None else len(states[0][0][0])
    order += range(len(sentences), rows)
    halves, after = [], []
    for direction in (FORWARD, BACKWARD):
        vectors = [_encode(model, sentences[row], dtype) for row in order[: len(sentences)]]
        if direction == BACKWARD:
            vectors = [vector.flip(0) for vector in vectors]
        packed = pack_sequence(vectors)
        before = model.zero_states(rows, packed.data.dtype)
        if states is not None:
            given = [(cell[order], output[order]) for cell, output in states[direction]]
            before = [_state(*pair, like) for pair, like in zip(given, before, strict=True)]
        outputs, new = model.run_direction(direction, packed.data, packed.batch_sizes.tolist(), before)
        halves.append(_unpack([packed.data, *outputs], packed, order, direction))
        back = np.argsort(order)
        after.append([(_array(state.cell)[back], _array(state.output)[back]) for state in new])
    return [np.concatenate(pair, axis=2) for pair in zip(*halves, strict=True)], after


def _encode(model: BiLM, sentence: Sequence[Any], dtype: torch.dtype | None) -> Tensor:
    ids = sentence if model.char_cnn is None else [character_ids(word) for word in sentence]
    return model.encode(torch.tensor(ids), dtype)


def _state(cell: np.ndarray, output: np.ndarray, like: LSTMState) -> LSTMState:
    return LSTMState(torch.from_numpy(output).to(like.output), torch.from_numpy(cell).to(like.cell))


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def _unpack(
    layers: list[Tensor], packed: PackedSequence, order: list[int], direction: int
) -> list[np.ndarray]:
    """(L, T, P) of each sentence in the order given by the caller."""
    padded = [pad_packed_sequence(PackedSequence(layer, packed.batch_sizes)) for layer in layers]
    found = {}
    for position, length in enumerate(padded[0][1].tolist()):
        rows = np.stack([_array(layer[:length, position]) for layer, _ in padded])
        found[order[position]] = rows[:, ::-1] if direction == BACKWARD else rows
    return [found[row] for row in range(len(found))]
