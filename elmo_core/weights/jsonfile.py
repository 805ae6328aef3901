"""JSON files of models, which anybody may have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.weights.store import JsonValue

_MAX_BYTES = 1 << 20


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def read_json(path: Path) -> dict[str, JsonValue]:
    """Read a file that holds one JSON object.

    Raises:
        ModelNotFoundError: there is no such file.
        ModelError: it is too large for settings, not UTF-8, not JSON, or not an object.
    """
    if not path.is_file():
        raise ModelNotFoundError(f"There is no {path.name} in {path.parent}; a model needs this file.")
    if path.stat().st_size > _MAX_BYTES:
        raise ModelError(
            f"{path} is larger than settings can be ({_MAX_BYTES:,} bytes); it is another kind of file."
        )
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not readable JSON ({error}); use an undamaged copy.") from None
    if not isinstance(value, dict):
        raise ModelError(
            f"{path} must hold a JSON object, found a {type(value).__name__}; it is another kind of file."
        )
    return value
