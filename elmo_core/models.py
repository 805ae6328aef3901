"""Any model by its name or path: a biLM, or a transformer of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elmo_core.embedder import load_elmo
from elmo_core.embedding.machine import choose_device
from elmo_core.encoders.protocol import Encoder
from elmo_core.encoders.sub_words import Joining
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.exceptions import ConfigError, ModelError, ModelNotFoundError
from elmo_core.extras import extra
from elmo_core.weights.registry import find_model

_MOST_PIECES = 512
"""Sub-words that are read together at most, whatever a model allows: the cost grows with their square."""
_LEAST_PIECES = 8


def load_encoder(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    download: bool = False,
    sub_words: Joining = "mean",
) -> Encoder:
    """Load a model of any kind.

    Args:
        name_or_path: what `load_elmo` takes, or the folder of a transformer, or its name on the hub.
        device: "auto", "cpu", "cuda" or another of torch's.
        download: whether a model that is not on this machine may be fetched. Without it, a name on the hub is
            looked for in the library's cache.
        sub_words: of a transformer: whether a word gets the mean of its sub-words, its first or its last one.

    Raises:
        ModelNotFoundError: there is no such model on this machine.
        ModelError: its files are damaged or unsafe: weights are read as safetensors, and code beside them is
            never run.
        MissingExtraError: it is a transformer, and the library is not installed.
        ConfigError: there is no such device, or way to join sub-words.
    """
    if sub_words not in ("mean", "first", "last"):
        raise ConfigError(f"sub_words must be mean, first or last, got {sub_words!r}.")
    name = str(name_or_path)
    if find_model(name):
        return load_elmo(name, device=device, download=download)
    path = Path(name).expanduser()
    if path.is_dir():
        return (
            _from_folder(path, device, sub_words) if _is_transformer(path) else load_elmo(path, device=device)
        )
    if path.exists() or name.count("/") != 1 or name.startswith((".", "~", "/")):
        return load_elmo(name, device=device)
    return _from_hub(name, device, sub_words, download)


def _is_transformer(folder: Path) -> bool:
    """Whether a folder has the settings of the library transformers."""
    try:
        settings = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(settings, dict) and "model_type" in settings


def _from_folder(path: Path, device: str, sub_words: Joining) -> TransformerEncoder:
    if not any(path.glob("*.safetensors")):
        pickled = next(
            (file.name for pattern in ("*.bin", "*.pt", "*.h5") for file in path.glob(pattern)), None
        )
        if pickled is None:
            raise ModelError(f"{path} holds no weights; put the model's model.safetensors into it.")
        raise ModelError(
            f"{path} holds its weights as {pickled} alone, which could run code when it is read; take the "
            "model's model.safetensors, or convert it where you trust the file: "
            "AutoModel.from_pretrained(folder).save_pretrained(folder)."
        )
    return _load(str(path), path.absolute().name, device, sub_words, is_local=True)


def _from_hub(name: str, device: str, sub_words: Joining, download: bool) -> TransformerEncoder:
    return _load(name, name, device, sub_words, is_local=not download)


def _load(source: str, name: str, device: str, sub_words: Joining, *, is_local: bool) -> TransformerEncoder:
    with extra("transformers"):
        import transformers
    chosen = choose_device(device)
    safely: dict[str, Any] = {"trust_remote_code": False, "local_files_only": is_local}
    try:
        with _quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(source, **safely)
            model = _model(transformers, source, config, safely)
            tokenizer = _tokenizer(transformers, source, safely)
    except Exception as error:  # the library raises whatever damaged files lead to
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if is_local and not Path(source).is_dir():
            raise ModelNotFoundError(
                f"There is no model {name} on this machine, nor in the cache of the hub; allow its download "
                "(download=True), or give the folder that holds it."
            ) from None
        raise ModelError(f"{name} cannot be read as a transformer: {reason}") from None
    longest = _longest(config, tokenizer)
    return TransformerEncoder(name, model.to(chosen), tokenizer, longest=longest, sub_words=sub_words)


@contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Keep the library's bars and reports off the terminal; what matters of them becomes an error."""
    logging = transformers.utils.logging
    level, has_bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if has_bar:
            logging.enable_progress_bar()


def _model(transformers: Any, source: str, config: Any, safely: dict[str, Any]) -> Any:
    """The model with its masked-LM head, where its weights hold one.

    Raises:
        ValueError: weights are missing.
    """
    has_head = any(str(one).endswith("ForMaskedLM") for one in config.architectures or ())
    kind = transformers.AutoModelForMaskedLM if has_head else transformers.AutoModel
    model, found = kind.from_pretrained(
        source, config=config, use_safetensors=True, dtype="float32", output_loading_info=True, **safely
    )
    missing = sorted(name for name in found["missing_keys"] if "pooler" not in name)  # no layer needs it
    if missing:
        raise ValueError(f"its weights lack {missing[0]} and {len(missing) - 1} more")
    return model


def _tokenizer(transformers: Any, source: str, safely: dict[str, Any]) -> Any:
    """The fast tokenizer of a model, such that it takes lists of words.

    Raises:
        ValueError: there is none.
    """
    found = transformers.AutoTokenizer.from_pretrained(source, **safely)
    if not found.is_fast:
        raise ValueError("it has no fast tokenizer (tokenizer.json)")
    try:
        found(["a", "b"], is_split_into_words=True)
    except (AssertionError, ValueError):  # byte-level ones want to be told that a word begins with a blank
        found = transformers.AutoTokenizer.from_pretrained(source, add_prefix_space=True, **safely)
    return found


def _longest(config: Any, tokenizer: Any) -> int:
    """Sub-words that are read together, special tokens included.

    Raises:
        ModelError: too few for a word and its context.
    """
    positions = getattr(config.get_text_config(), "max_position_embeddings", None) or _MOST_PIECES
    offset = 2 if "roberta" in config.model_type or config.model_type in ("camembert", "mpnet") else 0
    longest = min(int(tokenizer.model_max_length), int(positions) - offset, _MOST_PIECES)
    if longest < _LEAST_PIECES:
        raise ModelError(
            f"This transformer reads {longest} sub-words at most; at least {_LEAST_PIECES} are needed."
        )
    return longest
