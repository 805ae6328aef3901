"""Models of other families, recognised by their file names: refused by name, never opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from elmo_core.exceptions import ModelError

_MANY_LANGS = {"char.dic", "word.dic", "encoder.pkl", "token_embedder.pkl"}
_PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".th")
_TENSORFLOW = (".ckpt", ".pb", ".index", ".meta")
_LOADABLE = (".hdf5", ".safetensors")


def refuse_other_families(names: Iterable[str], where: Path) -> None:
    """Raise if files are those of a model that this program cannot run; do nothing where it may.

    Args:
        names: names of the files in a folder or archive, or of the one file that was given.
        where: that folder, archive or file, for messages.

    Raises:
        ModelError: which family it is, and what to do.
    """
    found = {name.lower() for name in names}
    if any(name.endswith(_LOADABLE) for name in found):
        return
    if found & _MANY_LANGS:
        refuse_many_langs(where)
    if any(name.endswith(_TENSORFLOW) or ".ckpt" in name or ".data-0" in name for name in found):
        raise ModelError(
            f"{where} is a TensorFlow checkpoint, which cannot be read here; write its weights.hdf5 with "
            "bilm-tf (bin/dump_weights.py --save_dir FOLDER --outfile weights.hdf5, which calls "
            "bilm.training.dump_weights) and keep options.json beside it."
        )
    if any(name.endswith(_PICKLES) for name in found):
        verb = "is" if found == {where.name.lower()} else "holds no model, but"
        raise ModelError(
            f"{where} {verb} a PyTorch or pickle file, which can run any program when it is opened, so it "
            "never is; use the official options.json and weights.hdf5, or a model saved by this program."
        )


def refuse_many_langs(where: Path) -> None:
    """Raise for a model of ELMoForManyLangs.

    Raises:
        ModelError: always.
    """
    raise ModelError(
        f"{where} is an ELMoForManyLangs model, which is another architecture (Unicode characters and "
        "words); use a model of that language in the official format, options.json and weights.hdf5."
    )
