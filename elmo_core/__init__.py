"""ELMo, deep contextual word vectors (Peters et al. 2018): load, embed, explore, train.

Names are imported when they are first used, so that `import elmo_core` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elmo_core.config import BiLMConfig, CharCNNConfig
    from elmo_core.elmo_layer import ElmoLayer
    from elmo_core.embedder import Elmo, Embedding, load_elmo
    from elmo_core.encoders.protocol import Encoder
    from elmo_core.exceptions import (
        CancelledError,
        ConfigError,
        CorpusError,
        DownloadError,
        ElmoError,
        InputError,
        ModelError,
        ModelNotFoundError,
        TrainingError,
    )
    from elmo_core.learning.classifier import ElmoClassifier
    from elmo_core.learning.tagger import ElmoTagger
    from elmo_core.learning.vectoriser import ElmoVectorizer
    from elmo_core.models import load_encoder
    from elmo_core.static.registry import load_static
    from elmo_core.static.vectors import StaticVectors

__version__ = "0.1.0"

__all__ = [
    "BiLMConfig",
    "CancelledError",
    "CharCNNConfig",
    "ConfigError",
    "CorpusError",
    "DownloadError",
    "Elmo",
    "ElmoClassifier",
    "ElmoError",
    "ElmoLayer",
    "ElmoTagger",
    "ElmoVectorizer",
    "Embedding",
    "Encoder",
    "InputError",
    "ModelError",
    "ModelNotFoundError",
    "StaticVectors",
    "TrainingError",
    "load_elmo",
    "load_encoder",
    "load_static",
]

_MODULES = {
    "BiLMConfig": "config",
    "CharCNNConfig": "config",
    "Elmo": "embedder",
    "ElmoClassifier": "learning.classifier",
    "ElmoLayer": "elmo_layer",
    "ElmoTagger": "learning.tagger",
    "ElmoVectorizer": "learning.vectoriser",
    "Embedding": "embedder",
    "Encoder": "encoders.protocol",
    "StaticVectors": "static.vectors",
    "load_elmo": "embedder",
    "load_encoder": "models",
    "load_static": "static.registry",
}
"""Where a name comes from; all others are errors."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_MODULES.get(name, 'exceptions')}")
    value = globals()[name] = getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
