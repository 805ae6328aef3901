"""Every setting of a run as a field, with what its docstring says as help."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import textwrap
import typing
from functools import cache
from typing import Any

import streamlit as st

from elmo_core.config import BiLMConfig, CharCNNConfig
from elmo_core.exceptions import ElmoError
from elmo_core.pretraining.settings import PretrainConfig
from pages.common.markdown import escape_markdown

_SHAPE = ("n_layers", "lstm_dim", "projection_dim")
_ELSEWHERE = {"model", "tagged", "warm_start"}  # chosen above, or of corpora that this page does not read
_COLUMNS = 3


def choose_settings(prefix: str, config: PretrainConfig, *, has_shape: bool) -> PretrainConfig:
    """Let the visitor change any setting.

    Args:
        prefix: of the keys of all widgets.
        config: what they begin with.
        has_shape: whether the shape of the model is free; one that goes on from a model has its shape.

    Returns:
        The settings; those given where they contradict each other, which is said.
    """
    with st.expander("All settings", icon=":material/tune:"):
        columns = st.columns(_COLUMNS)
        shape: dict[str, Any] = {}
        if has_shape:
            shape = {
                name: _field(prefix, name, int, getattr(config.model, name), BiLMConfig, columns[number])
                for number, name in enumerate(_SHAPE)
            }
            filters = st.text_input(
                "filters", json.dumps(_filters(config)), key=f"{prefix}_filters", max_chars=500,
                help=_meanings(CharCNNConfig)["filters"],
            )  # fmt: skip
        hints = typing.get_type_hints(PretrainConfig)
        names = [field.name for field in dataclasses.fields(config) if field.name not in _ELSEWHERE]
        columns = st.columns(_COLUMNS)
        values = {
            name: _field(
                prefix, name, hints[name], getattr(config, name), PretrainConfig, columns[number % _COLUMNS]
            )
            for number, name in enumerate(names)
        }
        try:
            if has_shape:
                values["model"] = _model(config, shape, filters)
            return dataclasses.replace(config, **values)
        except ElmoError as error:
            st.error(escape_markdown(str(error)))
            return config


def _model(config: PretrainConfig, shape: dict[str, Any], filters: str) -> BiLMConfig:
    try:
        given = {**config.model.to_dict()["char_cnn"], "filters": json.loads(filters)}
    except (ValueError, RecursionError):
        given = {"filters": filters}  # refused with a sentence
    return dataclasses.replace(config.model, **shape, char_cnn=CharCNNConfig.from_dict(given))


def _filters(config: PretrainConfig) -> list[list[int]]:
    return [list(pair) for pair in config.model.char_cnn.filters] if config.model.char_cnn else []


def _field(prefix: str, name: str, kind: Any, value: Any, owner: type, column: Any) -> Any:
    """One widget, by the type of the setting."""
    key, meaning = f"{prefix}_{name}", _meanings(owner).get(name)
    if kind is bool:
        return column.checkbox(name, value, key=key, help=meaning)
    if typing.get_origin(kind) is typing.Literal:
        options = typing.get_args(kind)
        return column.selectbox(name, options, options.index(value), key=key, help=meaning)
    if kind is int:
        return column.number_input(name, min_value=0, value=value, step=1, key=key, help=meaning)
    return column.number_input(
        name, min_value=0.0, value=float(value), step=1e-4, format="%g", key=key, help=meaning
    )


@cache
def _meanings(owner: type) -> dict[str, str]:
    """What the string under each setting in the source says of it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    pairs = zip(body.body, body.body[1:], strict=False)
    return {
        setting.target.id: escape_markdown(str(ast.literal_eval(text.value)))
        for setting, text in pairs
        if isinstance(setting, ast.AnnAssign)
        and isinstance(setting.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
