"""What all estimators on a frozen biLM have in common: how they are cloned, tagged and pickled."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from elmo_core.embedder import Elmo
from elmo_core.exceptions import ModelError
from elmo_core.learning.text_layers import resolve_model
from elmo_core.weights.fingerprint import fingerprint

_MARK = "_fingerprint_of_model"


class ElmoEstimator(BaseEstimator):
    """An estimator with a biLM as its parameter `model`.

    * `clone` shares the parameters, the model among them; generators of random numbers are copied.
    * A pickle of a fitted estimator holds the fingerprint of its biLM, not its weights, where `model` is a
      name or a path. Loading it raises ModelError if another biLM stands there now. An `Elmo` object is
      pickled as it says itself.
    """

    model: Elmo | str | Path
    layer_weights_: tuple[float, ...]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        return tags

    def __sklearn_clone__(self) -> Self:
        generators = np.random.RandomState | np.random.Generator
        parameters = {
            name: copy.deepcopy(value) if isinstance(value, generators) else value
            for name, value in self.get_params(deep=False).items()
        }
        return type(self)(**parameters)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        is_fitted = any(name.endswith("_") and not name.startswith("_") for name in vars(self))
        if is_fitted and isinstance(self.model, str | Path):
            state = state | {_MARK: fingerprint(resolve_model(self.model).model)}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        mark = state.pop(_MARK, None)
        super().__setstate__(state)
        if mark is not None and fingerprint(resolve_model(self.model).model) != mark:
            raise ModelError(
                f"{self.model} is not the biLM this {type(self).__name__} was fitted with; "
                "put that one back, or fit again."
            )
