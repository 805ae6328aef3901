"""What all estimators on a frozen biLM have in common: how they are cloned, tagged and pickled."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, ModelError
from elmo_core.learning.inputs import Seed, whole
from elmo_core.learning.text_layers import resolve_model

_MARK = "_fingerprint_of_model"


class ElmoEstimator(BaseEstimator):
    """An estimator with a biLM as its parameter `model`.

    * `clone` shares the parameters, the model among them; generators of random numbers are copied.
    * A pickle of a fitted estimator holds the fingerprint of its biLM, not its weights, where `model` is a
      name or a path. Loading it raises ModelError if another biLM stands there now. An `Elmo` object is
      pickled as it says itself.
    """

    model: Encoder | str | Path

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
            state = state | {_MARK: resolve_model(self.model).fingerprint}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        mark = state.pop(_MARK, None)
        super().__setstate__(state)
        if mark is not None and resolve_model(self.model).fingerprint != mark:
            raise ModelError(
                f"{self.model} is not the biLM this {type(self).__name__} was fitted with; "
                "put that one back, or fit again."
            )


class HeadEstimator(ElmoEstimator):
    """An estimator that mixes layers of a frozen biLM and learns a head on them.

    Attributes:
        head_: the fitted module.
        layer_weights_: the weight s_j of each layer.
        gamma_: factor of the mix.
        seed_: that `random_state` gave.
    """

    MIXES: ClassVar[tuple[str, ...]]
    """Names that `mix` may have, beside the number of a layer."""

    mix: int | str
    random_state: Seed
    head_: Any
    layer_weights_: tuple[float, ...]
    gamma_: float
    seed_: int

    @property
    def elmo_(self) -> Encoder:
        """The biLM."""
        return resolve_model(self.model)

    @abstractmethod
    def _rules(self) -> Iterator[tuple[bool, str, str]]:
        """Yield for each setting whether it is possible, its name, and what it must be."""

    def check(self) -> None:
        """Raise ConfigError if a setting is impossible."""
        for is_met, name, rule in self._rules():
            if not is_met:
                raise ConfigError(f"{name} {rule}, got {getattr(self, name)!r}.")

    def layers_of(self, elmo: Encoder) -> tuple[int, ...]:
        """Numbers of the layers that are mixed; ConfigError if there is no such layer."""
        n = elmo.n_layers
        if isinstance(self.mix, str) and self.mix in self.MIXES:
            return () if self.mix == "none" else tuple(range(n))
        layer = whole(self.mix)
        if layer is None or not -n <= layer < n:
            names = ", ".join(f'"{name}"' for name in self.MIXES)
            raise ConfigError(f"mix must be {names} or a layer from 0 to {n - 1}, got {self.mix!r}.")
        return (layer % n,)

    def set_fitted_state(self, head: Any) -> None:
        """Set the attributes that come with a fitted head."""
        self.head_ = head.eval()
        self.layer_weights_ = head.layer_weights
        self.gamma_ = float(head.mix.gamma.detach())
