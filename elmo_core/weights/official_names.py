"""The map from our parameters to the datasets of the official `weights.hdf5`.

Our parameters keep the official gates (order i, j, f, o; the +1 of the forget gate is added at run
time, not stored) and the official sense of the highway's gate, so a transform only moves numbers:
what is exported and read again is equal bit by bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from elmo_core.config import BiLMConfig, CharCNNConfig

CHARACTER_TABLE, WORD_TABLE = "char_embed", "embedding"


class Piece(NamedTuple):
    """One parameter of ours inside a dataset."""

    parameter: str
    """Its name in the state dict of a `BiLM`."""
    as_stored: Callable[[Tensor], Tensor]
    """Parameter -> the view of its memory that has the layout of the file."""


def _same(parameter: Tensor) -> Tensor:
    return parameter


def _transposed(parameter: Tensor) -> Tensor:
    """(P, F) of `nn.Linear` <- (F, P) of x @ W."""
    return parameter.t()


def _without_mask_row(parameter: Tensor) -> Tensor:
    """Rows 1.. of our 262; the file has no row for "no word here"."""
    return parameter[1:]


def _as_filter(width: int) -> Callable[[Tensor], Tensor]:
    """(width * e, n) <- (1, width, e, n) of a two-dimensional convolution."""
    return lambda parameter: parameter.unflatten(0, (width, -1)).unsqueeze(0)


def official_names(config: BiLMConfig) -> dict[str, tuple[Piece, ...]]:
    """The name map of one model.

    Args:
        config: its settings.

    Returns:
        Dataset name -> the parameters it holds, stacked by rows in this order.
    """
    names: dict[str, tuple[Piece, ...]] = {}
    if config.char_cnn:
        names |= _char_cnn_names(config.char_cnn, config.char_cnn.n_filters != config.projection_dim)
    else:
        names[WORD_TABLE] = (Piece("word_embedding.weight", _same),)
    for direction in range(2):
        for layer in range(config.n_layers):
            theirs, ours = (
                f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell",
                f"directions.{direction}.{layer}",
            )
            names[f"{theirs}/W_0"] = (
                Piece(f"{ours}.weight_input", _same),
                Piece(f"{ours}.weight_hidden", _same),
            )
            names[f"{theirs}/B"] = (Piece(f"{ours}.bias", _same),)
            if config.has_projection:
                names[f"{theirs}/W_P_0"] = (Piece(f"{ours}.weight_projection", _same),)
    return names


def _char_cnn_names(config: CharCNNConfig, projects: bool) -> dict[str, tuple[Piece, ...]]:
    names: dict[str, tuple[Piece, ...]] = {CHARACTER_TABLE: (Piece("char_cnn.embedding", _without_mask_row),)}
    for index, (width, _) in enumerate(config.filters):
        names[f"CNN/W_cnn_{index}"] = (Piece(f"char_cnn.filters.{index}", _as_filter(width)),)
        names[f"CNN/b_cnn_{index}"] = (Piece(f"char_cnn.biases.{index}", _same),)
    for index in range(config.n_highway):
        theirs, ours = f"CNN_high_{index}", f"char_cnn.highways.{index}"
        names[f"{theirs}/W_carry"] = (Piece(f"{ours}.weight_carry", _same),)
        names[f"{theirs}/b_carry"] = (Piece(f"{ours}.bias_carry", _same),)
        names[f"{theirs}/W_transform"] = (Piece(f"{ours}.weight_transform", _same),)
        names[f"{theirs}/b_transform"] = (Piece(f"{ours}.bias_transform", _same),)
    if projects:
        names["CNN_proj/W_proj"] = (Piece("char_cnn.projection.weight", _transposed),)
        names["CNN_proj/b_proj"] = (Piece("char_cnn.projection.bias", _same),)
    return names


def canonical_name(dataset: str) -> str:
    """The name a dataset has in the map; bilm-tf's training gives the only layer of a model another one."""
    for direction in ("RNN_0", "RNN_1"):
        dataset = dataset.replace(
            f"{direction}/RNN/LSTMCell/", f"{direction}/RNN/MultiRNNCell/Cell0/LSTMCell/"
        )
    return dataset


def is_part_of_bilm(dataset: str) -> bool:
    """Whether a dataset is a part of a biLM, so that one too many means files that do not belong together."""
    return dataset.startswith(("RNN_", "CNN"))
