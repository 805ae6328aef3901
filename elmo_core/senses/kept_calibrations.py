"""Calibrations on disk: a small JSON of each model, found by the fingerprint of the model.

They lie in a folder beside the user's own models, since the folder of a model itself may be read-only. Those
that ship with the program lie in such a folder beside the shipped models.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from elmo_core.exceptions import InputError, OutputError
from elmo_core.files import atomic_file
from elmo_core.senses.calibration import Level, SenseCalibration
from elmo_core.shipped import shipped
from elmo_core.weights.registry import own_models_folder

FORMAT = "elmo-explorer/sense-calibration/1"
FOLDER = ".calibrations"
"""Name of the folder in that of the models, where no model is looked for."""
SHIPPED = f"data/models/{FOLDER}"
_MAX_BYTES = 1 << 20


def find_calibration(fingerprint: str) -> SenseCalibration | None:
    """Return the calibration of a model; the user's own one where there are two, None where there is none.

    Args:
        fingerprint: of the encoder.

    Raises:
        InputError: the file is damaged, or of another model.
    """
    for folder in (own_calibrations(), shipped(SHIPPED)):
        path = folder / f"{fingerprint}.json"
        if path.is_file():
            return read_calibration(path, fingerprint)
    return None


def keep_calibration(calibration: SenseCalibration, folder: Path | None = None) -> Path:
    """Write a calibration, in place of the one that was there.

    Args:
        calibration: of any model.
        folder: where it goes; None = beside the user's own models.

    Returns:
        The file.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = own_calibrations() if folder is None else folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} could not be made ({error}).") from error
    path = folder / f"{calibration.fingerprint}.json"
    with atomic_file(path) as partial:
        content = json.dumps({"format": FORMAT, **asdict(calibration)}, ensure_ascii=False, indent=1)
        partial.write_text(f"{content}\n", encoding="utf-8")
    return path


def read_calibration(path: Path, fingerprint: str) -> SenseCalibration:
    """Read a calibration.

    Args:
        path: of the file.
        fingerprint: of the encoder that it must be of.

    Raises:
        InputError: it is damaged, or of another model.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is too large")
        found = _from_json(json.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InputError(f"{path} could not be read ({error}).") from None
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        raise InputError(
            f"{path} is no calibration of sense groups: it is damaged, or was written by something else. "
            "Calibrate the model anew, or delete the file."
        ) from None
    if found.fingerprint != fingerprint:
        raise InputError(
            f"{path} is the calibration of another model ({found.model}). Calibrate this model, or delete "
            "the file."
        )
    return found


def own_calibrations() -> Path:
    """The folder of the user's calibrations, which need not exist."""
    return own_models_folder() / FOLDER


def _from_json(data: dict[str, Any]) -> SenseCalibration:
    """Check every value: a wrong bound would turn into false claims without a trace."""
    if data["format"] != FORMAT:
        raise ValueError
    levels = tuple(_level(level) for level in data["levels"])
    sizes = [level.n_uses for level in levels]
    rate = None if data["rate"] is None else float(data["rate"])
    if not sizes or sizes != sorted(set(sizes)) or not (rate is None or 0 < rate < 1):
        raise ValueError
    model, fingerprint, text = (str(data[name]) for name in ("model", "fingerprint", "text"))
    return SenseCalibration(model, fingerprint, text, rate, int(data["seed"]), levels)


def _level(data: dict[str, Any]) -> Level:
    level = Level(**data)
    counts = (level.n_uses, level.n_words, level.n_false, level.n_mixtures, level.n_found)
    is_possible = (
        all(type(count) is int for count in counts)
        and level.n_uses > 0
        and 0 <= level.n_false <= level.n_words > 0
        and 0 <= level.n_found <= level.n_mixtures > 0
        and 0 <= float(level.least_gain) <= 2  # silhouettes lie between -1 and 1; false of NaN
    )
    if not is_possible:
        raise ValueError
    return level
