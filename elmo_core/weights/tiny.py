"""The `tiny` model: random but always the same, made in code, for tests, examples and first steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from elmo_core.config import BiLMConfig
from elmo_core.nn.bilm import BiLM
from elmo_core.nn.highway import CARRY_BIAS
from elmo_core.text.vocabulary import SPECIALS, Vocabulary
from elmo_core.weights.assembly import fill, skeleton
from elmo_core.weights.store import JsonValue, StoredModel

NAME, TITLE = "tiny", "Tiny (random weights)"
SEED = 2018
_LSTM_GAIN = 2.0
"""Strong enough that the words around a word move its vector visibly."""

_COMMON = """
the , . of and to a in is that it was for on as with he be at by his this are from had not but or have an
they which one you were her she all there would their we him been has when who will more no if out so
said what up its about into than them can only other new some time could these two may then do first any
my now such like our over man me even most made after also did many before must through back years where
much your way well down should because each just those people how too little state good very make world
still own see men work long get here between both life being under never day same another know while last
might us great old year off come since against go came right used take three small water river bank money
light spring play plant rock seal cell match book read word sentence language city woman child school
head hand eye door street night house place white high part found left room side end young big line page
point field music wind fire
"""
WORDS = tuple(_COMMON.split())
"""The 197 words of its vocabulary after the special ones, common ones first."""


def tiny_model() -> StoredModel:
    """Make the tiny model; no random state outside of it is touched."""
    model = random_model(BiLMConfig.tiny(), SEED)
    about: dict[str, JsonValue] = {"format": "built-in", "title": TITLE, "seed": SEED, "words_seen": 0}
    return StoredModel(NAME, model, Vocabulary((*SPECIALS, *WORDS)), about)


def random_model(config: BiLMConfig, seed: int) -> BiLM:
    """Make a model of any shape whose random weights keep every layer alive.

    Args:
        config: the shape.
        seed: the same one gives the same weights.

    Returns:
        The model in evaluation mode, float32.
    """
    model, generator = skeleton(config), np.random.default_rng(seed)
    weights = {
        name: torch.from_numpy(_values(name, tuple(parameter.shape), generator))
        for name, parameter in model.named_parameters()
    }
    return fill(model, weights, Path(NAME))


def _values(name: str, shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    """Weights of one parameter, scaled by its inputs so that no layer dies out or saturates."""
    values = generator.standard_normal(shape)
    if name == "char_cnn.embedding":
        values[0] = 0.0
    elif name == "softmax.bias":
        values = -np.log(1.0 + np.arange(shape[0]))  # Zipf's law
    elif len(shape) == 1:
        values = 0.1 * values + (CARRY_BIAS if name.endswith("bias_carry") else 0.0)
    else:
        n_inputs = shape[1] if name in ("char_cnn.projection.weight", "softmax.weight") else shape[0]
        values *= (_LSTM_GAIN if name.startswith("directions") else 1.0) * n_inputs**-0.5
    return values.astype(np.float32)
