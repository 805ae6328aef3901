"""A fitted estimator as a folder or a `.zip`: JSON and safetensors, nothing that can run.

    NAME.json           {"format": 1, settings, the biLM it belongs to, facts, and what the codec adds}
    head.safetensors    the parameters of the head
    a script            how to use it
    README.md           its card

The biLM itself is not in there: it is found by its name or path, and its weights must be the same. (What a
classifier has fine-tuned of it is among the tensors of the head.) What sets
a classifier and a tagger apart is in their codecs (`texts.saving`, `tags.saving`).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from safetensors.torch import save

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ConfigError, ModelError, ModelNotFoundError
from elmo_core.files import OutputKind
from elmo_core.learning.estimator import HeadEstimator
from elmo_core.learning.failures import require_fitted
from elmo_core.learning.head_files import (
    CARD,
    FORMAT,
    HEAD,
    fill,
    opened,
    output_kind,
    read_config,
    read_tensors,
    section,
    write_files,
)
from elmo_core.learning.inputs import seed_of
from elmo_core.learning.text_layers import resolve_model
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.store import JsonValue

EstimatorT = TypeVar("EstimatorT", bound=HeadEstimator)
Model = Encoder | str | Path


class Codec(ABC, Generic[EstimatorT]):
    """What of one kind of estimator is saved beside its settings and its head."""

    what: ClassVar[str]
    """Name of the kind, such as "classifier"."""
    config: ClassVar[str]
    """Name of its configuration, by which a folder is known again."""
    script: ClassVar[str]
    """Name of the script that shows how to use it."""
    script_text: ClassVar[str]
    settings: ClassVar[tuple[str, ...]]
    """Parameters of the estimator that are saved as JSON."""
    other_files: ClassVar[frozenset[str]] = frozenset()
    """Further files that it may have."""

    @abstractmethod
    def sections(self, estimator: EstimatorT) -> dict[str, Any]:
        """List what the configuration holds beside the common parts."""

    @abstractmethod
    def card(self, estimator: EstimatorT) -> tuple[str, list[str]]:
        """Write the title of the model card, and its facts one a line."""

    @abstractmethod
    def make(self, content: Mapping[str, Any], model: Model) -> tuple[EstimatorT, Any]:
        """Make the estimator of a configuration with its head, not filled.

        Raises:
            KeyError: something is missing.
            TypeError: something has another type.
            ConfigError: a setting is impossible.
        """

    def other_contents(self, estimator: EstimatorT) -> tuple[dict[str, bytes], dict[str, torch.Tensor]]:
        """List further files by name, and further tensors."""
        return {}, {}

    def finish(
        self, estimator: EstimatorT, head: Any, content: Mapping[str, Any], folder: Path,
        tensors: dict[str, torch.Tensor],
    ) -> None:  # fmt: skip
        """Fill the head, and set the fitted attributes of the estimator."""
        fill(head, tensors, self.what)
        estimator.set_fitted_state(head)

    def output(self, path: Path) -> OutputKind:
        """Describe what is written to a path, to claim it before the work."""
        files = frozenset({self.config, HEAD, self.script, CARD}) | self.other_files
        return output_kind(path, self.what, self.config, files)

    def save(
        self,
        estimator: EstimatorT,
        path: Path,
        *,
        facts: Mapping[str, JsonValue] | None = None,
        card: str = "",
    ) -> None:
        """Write a fitted estimator, complete or not at all.

        Args:
            estimator: fitted.
            path: a new or empty folder, one that holds such an estimator (then replaced), or a `.zip`.
            facts: to keep with it, such as scores.
            card: text of README.md; empty = made from the facts.

        Raises:
            NotFittedError: it is not fitted.
            OutputError: it cannot be written there.
        """
        write_files(self.files(estimator, facts=facts, card=card), path, self.output(path))

    def files(
        self, estimator: EstimatorT, *, facts: Mapping[str, JsonValue] | None = None, card: str = ""
    ) -> dict[str, bytes]:
        """Make the files of a fitted estimator by name, for a download; arguments and errors as `save`."""
        require_fitted(estimator, "head_")
        settings = {name: getattr(estimator, name) for name in self.settings}
        settings["random_state"] = estimator.seed_
        content = {
            "format": FORMAT,
            "settings": {name: _plain(value) for name, value in settings.items()},
            "model": _model_facts(estimator),
            **self.sections(estimator),
            "facts": dict(facts or {}),
        }
        files, tensors = self.other_contents(estimator)
        readme = card or self._readme(estimator, facts or {})
        return files | {
            self.config: _as_json(content, self.what),
            HEAD: _head_bytes(estimator.head_, tensors),
            self.script: self.script_text.encode(),
            CARD: readme.encode(),
        }

    def load(self, path: Path | str, model: Model | None) -> EstimatorT:
        """Read a fitted estimator.

        Args:
            path: its folder or `.zip`.
            model: its biLM, where it is not found under the name it had.

        Raises:
            ModelNotFoundError: a file or the biLM is missing.
            ModelError: a file is damaged, or the biLM is not the one it was trained on.
        """
        with opened(path, self.what) as folder:
            content = read_config(folder / self.config)
            try:
                about = section(content, "model")
                section(content, "settings")
                estimator, head = self.make(content, about["name"] if model is None else model)
                elmo = resolve_model(estimator.model)
            except (KeyError, TypeError, ConfigError) as error:
                raise ModelError(
                    f"{self.config} is incomplete or damaged ({error}); use an undamaged copy."
                ) from None
            except ModelNotFoundError as error:
                raise ModelNotFoundError(f"The biLM of this {self.what} is missing: {error}") from None
            if elmo.fingerprint != about.get("sha256"):
                raise ModelError(
                    f"{elmo.name} is not the biLM this {self.what} was trained on; give that one as model."
                )
            estimator.seed_ = seed_of(estimator.random_state)
            self.finish(estimator, head, content, folder, read_tensors(folder, self.config, self.what))
        return estimator

    def facts(self, path: Path | str) -> dict[str, JsonValue]:
        """Read the facts that were saved with an estimator; errors as `load`."""
        with opened(path, self.what) as folder:
            facts = read_json(folder / self.config).get("facts")
        return facts if isinstance(facts, dict) else {}

    def _readme(self, estimator: EstimatorT, facts: Mapping[str, JsonValue]) -> str:
        """Write a model card in Markdown."""
        title, lines = self.card(estimator)
        weights = ", ".join(f"{weight:.2f}" for weight in estimator.layer_weights_)
        usage = f"`python {self.script} TEXTS.txt`, which needs the package `elmo_core` and this biLM"
        parts = [
            f"# {title}",
            "",
            *(f"- {line}" for line in lines),
            f"- biLM: {reference(estimator.model, estimator.elmo_)}, frozen",
            f"- mix of the layers: {estimator.mix} ({weights})",
            *(f"- {name.replace('_', ' ')}: {_shown(value)}" for name, value in facts.items()),
            "",
            f"Use it with {usage}.",
            "Its scores hold for texts like those it was trained on, not for others.",
        ]
        return "\n".join(parts) + "\n"


def reference(model: Model, elmo: Encoder) -> str:
    """The name or path under which the biLM of an estimator can be loaded again."""
    if isinstance(model, str | Path):
        return str(model)
    return elmo.reference or elmo.name


def _shown(value: JsonValue) -> JsonValue:
    """Round the numbers of a fact for the card; the JSON file has them whole."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def _model_facts(estimator: HeadEstimator) -> dict[str, JsonValue]:
    """How to find the biLM, and how to know it again."""
    elmo = estimator.elmo_
    return {
        "name": reference(estimator.model, elmo),
        "sha256": elmo.fingerprint,
        "layers": elmo.n_layers,
        "width": elmo.dim,
    }


def _plain(value: Any) -> Any:
    """A setting for JSON: numpy's numbers as Python's; a mapping as pairs, as its keys may be numbers."""
    if isinstance(value, Mapping):
        return [[name, float(number)] for name, number in value.items()]
    return value.item() if isinstance(value, np.generic) else value


def _as_json(content: Mapping[str, Any], what: str) -> bytes:
    try:
        return (json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n").encode()
    except (TypeError, ValueError) as error:
        raise ModelError(f"The {what} cannot be written as JSON ({error}).") from None


def _head_bytes(head: torch.nn.Module, others: Mapping[str, torch.Tensor]) -> bytes:
    own = {name: tensor.contiguous() for name, tensor in head.state_dict().items()}
    return save(own | dict(others))
