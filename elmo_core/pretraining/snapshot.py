"""The model of a run that is still going on, or was stopped: its newest checkpoint."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from torch import Tensor

from elmo_core.exceptions import TrainingError
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.checkpoint import load_checkpoint
from elmo_core.pretraining.local_averaging import AVERAGING
from elmo_core.pretraining.settings import PretrainConfig
from elmo_core.text.vocabulary import Vocabulary
from elmo_core.weights.store import JsonValue, StoredModel

VOCABULARY = "vocab.txt"
"""File in the folder of a run: the words it predicts."""


def run_facts(
    config: PretrainConfig, step: int, words_seen: int, perplexity: float, unknown_share: float | None
) -> dict[str, JsonValue]:
    """The facts about its run in the card of a trained model.

    Args:
        config: of the run.
        step: steps that it made.
        words_seen: by the run, and by other workers that it averages with.
        perplexity: the newest one; infinite = none was measured.
        unknown_share: of the held-out predictions, beside the perplexity.
    """
    measured = {"perplexity": round(perplexity, 2)} if math.isfinite(perplexity) else {}
    unknown = {} if unknown_share is None else {"unknown_percent": round(100 * unknown_share, 2)}
    return {
        "words_seen": words_seen,
        "steps": step,
        **measured,
        **unknown,
        "recipe": config.to_dict(),
    }


def read_snapshot(run: Path) -> StoredModel:
    """The newest checkpoint of a run as a model, with the averaged weights where they are kept.

    Args:
        run: folder of the run; its name becomes the model's.

    Raises:
        TrainingError: it holds no checkpoint, or none that can be read.
        ModelError: its vocabulary is missing or damaged.
    """
    found = load_checkpoint(run)
    if found is None:
        raise TrainingError(f"{run} holds no checkpoint; give the folder of a run (pretrain --output).")
    tensors, values = found
    config = PretrainConfig.from_dict(values["config"])
    vocabulary = Vocabulary.read(run / VOCABULARY)
    model = BiLM(dataclasses.replace(config.model, n_words=len(vocabulary)))
    weights: dict[str, Tensor] = {}
    for kind in ("model:", "average:"):  # the latter win
        weights |= {
            name.removeprefix(kind): tensor for name, tensor in tensors.items() if name.startswith(kind)
        }
    model.load_state_dict(weights)
    steps = values["step"] + values.get(AVERAGING, {}).get("other_steps", 0)
    words_seen = steps * config.words_per_step
    newest = values.get("perplexity", values["best"])  # not in checkpoints of earlier versions
    facts = run_facts(config, values["step"], words_seen, newest, values.get("unknown_share"))
    return StoredModel(run.name, model.eval(), vocabulary, facts)
