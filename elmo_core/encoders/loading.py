"""Transformers read from a folder or the hub's cache: weights as safetensors, code beside them never run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from elmo_core.embedding.machine import choose_device
from elmo_core.encoders.sub_words import Joining
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.extras import extra
from elmo_core.memory import require_memory_for_model
from elmo_core.weights.formats import memory_bytes

_MOST_PIECES = 512
"""Sub-words that are read together at most, whatever a model allows: the cost grows with their square."""
_LEAST_PIECES = 8


def transformer_from_folder(
    path: Path, reference: str, *, device: str = "auto", sub_words: Joining = "mean"
) -> TransformerEncoder:
    """Load a transformer from its folder.

    Args:
        path: the folder, with config.json, weights as safetensors, and a fast tokenizer.
        reference: the name or path under which it can be loaded again.
        device: see `load_encoder`.
        sub_words: see there.

    Raises:
        ModelError: its files are damaged, unsafe or incomplete.
        InputError: its weights do not fit into the memory that is free.
        MissingExtraError: the library is not installed.
        ConfigError: there is no such device.
    """
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
    name = path.absolute().name
    require_memory_for_model(name, memory_bytes(path))
    return _load(str(path), name, reference, device, sub_words, is_local=True)


def transformer_from_hub(
    name: str, *, device: str = "auto", sub_words: Joining = "mean", download: bool = False
) -> TransformerEncoder:
    """Load a transformer by its name on the hub; without `download` from the library's cache.

    Raises:
        ModelNotFoundError: it is not in the cache.
        ModelError: as `transformer_from_folder`; so are MissingExtraError and ConfigError.
    """
    return _load(name, name, name, device, sub_words, is_local=not download)


def _load(
    source: str, name: str, reference: str, device: str, sub_words: Joining, *, is_local: bool
) -> TransformerEncoder:
    with extra("transformers"):
        import transformers
    chosen = choose_device(device)
    safely: dict[str, Any] = {"trust_remote_code": False, "local_files_only": is_local}
    try:
        with quiet_library():
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

    def again(mark: str) -> tuple[Any, tuple[Any, ...]]:
        return _load_same, (source, name, reference, device, sub_words, mark)

    return TransformerEncoder(
        name, model.to(chosen), tokenizer, longest=longest, sub_words=sub_words, origin=(reference, again)
    )


def _load_same(
    source: str, name: str, reference: str, device: str, sub_words: Joining, mark: str
) -> TransformerEncoder:
    """The transformer of a pickle.

    Raises:
        ModelError: its files have changed.
    """
    found = _load(source, name, reference, device, sub_words, is_local=True)
    if found.fingerprint != mark:
        raise ModelError(
            f"The model {reference} has changed since this was pickled; put the old files back, or make it "
            "anew."
        )
    return found


@contextmanager
def quiet_library() -> Iterator[None]:
    """Keep the library's bars and reports off the terminal; what matters of them becomes an error."""
    with extra("transformers"):
        import transformers
    logging: Any = transformers.utils.logging
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
