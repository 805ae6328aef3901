"""`info` and `export`: what is in a model, and its official files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo_core.commands.outputs import Overwrite, claim, model_paths, output_path
from elmo_core.commands.terminal import AsJson, command, show
from elmo_core.config import BiLMConfig

if TYPE_CHECKING:
    from elmo_core.encoders.transformer import TransformerEncoder

Model = Annotated[
    str,
    typer.Argument(
        help="A name, a folder, a .zip or an official options.json; or the folder of a transformer "
        "(config.json and model.safetensors), or its name on the hub, from the library's cache."
    ),
]


@command
def info(model: Model, as_json: AsJson = False) -> None:
    """Show what a model is: its shape, its size, its vocabulary, where it comes from."""
    from elmo_core.models import find_transformer
    from elmo_core.weights.fingerprint import fingerprint
    from elmo_core.weights.registry import load_model

    if (transformer := find_transformer(model, device="cpu")) is not None:
        groups = _sense_groups(transformer.fingerprint)
        show({**_facts_of_transformer(transformer), "sense_groups": groups}, as_json)
        return
    stored = load_model(model)
    config = stored.model.config
    facts: dict[str, Any] = {
        "name": stored.name,
        "input": _input(config),
        "lstm_layers": config.n_layers,
        "cells": config.lstm_dim,
        "projection": config.projection_dim,
        "layers": config.n_outputs,
        "width": config.output_dim,
        "parameters": sum(parameter.numel() for parameter in stored.model.parameters()),
        "vocabulary": len(stored.vocabulary) if stored.vocabulary else 0,
        "softmax": config.has_softmax,
        "sense_groups": _sense_groups(fingerprint(stored.model)),
        **{name: value for name, value in stored.about.items() if isinstance(value, str | int | float)},
    }
    show(facts, as_json)


def _facts_of_transformer(model: TransformerEncoder) -> dict[str, Any]:
    words = model.word_predictions()
    return {
        "name": model.name,
        "input": "sub-words (a transformer)",
        "layers": model.n_layers,
        "width": model.dim,
        "parameters": model.n_parameters,
        "context": "the mask token in a word's place" if model.context_view() else "none",
        "predicts": sum(map(bool, words.words)) if words else 0,
        "source": model.reference or "",
    }


def _sense_groups(fingerprint: str) -> str:
    """What is known of the rule for sense groups with this model."""
    from elmo_core.senses.kept_calibrations import find_calibration

    found = find_calibration(fingerprint)
    if found is None:
        return "not calibrated for this model (elmo calibrate)"
    return f"{'bounds set by hand, counted' if found.rate is None else 'calibrated'} on {found.text}"


def _input(config: BiLMConfig) -> str:
    if config.char_cnn is None:
        return f"word ids ({config.n_words:,} words)"
    cnn = config.char_cnn
    return f"characters ({cnn.n_filters} filters, {cnn.n_highway} highway layers)"


@command
def export(
    model: Model,
    folder: Annotated[str, typer.Argument(help="Receives options.json and weights.hdf5.")],
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Write a model as the official two files, for every program that reads ELMo's format.

    The official format has no place for a softmax: it is left out.
    """
    from elmo_core.weights.official import OFFICIAL_FOLDER, write_official
    from elmo_core.weights.registry import load_model

    target = output_path(folder)
    claim(target, OFFICIAL_FOLDER, model_paths(model), overwrite)
    stored = load_model(model)
    write_official(stored.model, stored.vocabulary, target)
    show({"written": str(target), "softmax_left_out": stored.model.config.has_softmax}, as_json)
