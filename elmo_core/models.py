"""Any model by its name or path: a biLM, or a transformer of Hugging Face."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from elmo_core.embedder import load_elmo
from elmo_core.encoders.loading import transformer_from_folder, transformer_from_hub
from elmo_core.encoders.protocol import Encoder
from elmo_core.encoders.sub_words import Joining
from elmo_core.encoders.transformer import TransformerEncoder
from elmo_core.exceptions import ConfigError
from elmo_core.weights.formats import transformer_type
from elmo_core.weights.registry import find_model


def load_encoder(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    dtype: str = "float32",
    threads: int | None = None,
    download: bool = False,
    sub_words: Joining = "mean",
) -> Encoder:
    """Load a model of any kind.

    Args:
        name_or_path: what `load_elmo` takes, or the folder of a transformer, or its name on the hub.
        device: "auto", "cpu", "cuda" or another of torch's.
        dtype: of the products, as for `load_elmo`; a transformer computes in float32.
        threads: of a biLM: cores for one call.
        download: whether a model that is not on this machine may be fetched. Without it, a name on the hub is
            looked for in the library's cache.
        sub_words: of a transformer: whether a word gets the mean of its sub-words, its first or its last one.

    Raises:
        ModelNotFoundError: there is no such model on this machine.
        ModelError: its files are damaged or unsafe: weights are read as safetensors, and code beside them is
            never run.
        MissingExtraError: it is a transformer, and the library is not installed.
        InputError: it is a transformer, whose weights do not fit into the memory that is free.
        ConfigError: there is no such device, number format, or way to join sub-words.
    """
    transformer = find_transformer(
        name_or_path, device=device, dtype=dtype, download=download, sub_words=sub_words
    )
    return transformer or load_elmo(
        name_or_path, device=device, dtype=dtype, threads=threads, download=download
    )


def find_transformer(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    dtype: str = "float32",
    download: bool = False,
    sub_words: Joining = "mean",
) -> TransformerEncoder | None:
    """Load a transformer; None where the name or path does not stand for one. Arguments as `load_encoder`."""
    if sub_words not in ("mean", "first", "last"):
        raise ConfigError(f"sub_words must be mean, first or last, got {sub_words!r}.")
    name = str(name_or_path)
    path, entry = Path(name).expanduser(), find_model(name)
    folder = entry.path if entry else path
    is_here = folder is not None and bool(transformer_type(folder))
    if not is_here and (entry or not _is_of_hub(name)):
        return None
    if dtype not in ("float32", "auto"):
        raise ConfigError(f"A transformer computes in float32, not in {dtype}; leave dtype out.")
    if folder is None or not is_here:
        return transformer_from_hub(name, device=device, sub_words=sub_words, download=download)
    reference = name if entry else str(path.absolute())
    return transformer_from_folder(folder, reference, device=device, sub_words=sub_words)


def _is_of_hub(name: str) -> bool:
    """Whether a name can be one of the hub: of two parts, and no path."""
    is_path = name.startswith((".", "~", "/")) or name.endswith((".zip", ".json")) or Path(name).exists()
    return name.count("/") == 1 and not is_path and find_spec("transformers") is not None
