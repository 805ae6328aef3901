"""Sense groups with the names a user gave them, as a JSON file that can be loaded again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from elmo_core.exceptions import InputError
from elmo_core.senses.uses import Uses
from elmo_core.text.opening import read_text

FORMAT = "elmo-explorer/sense-groups/1"
MAX_BYTES = 32 << 20
MAX_GROUPS = 100


@dataclass(frozen=True)
class LabelledGroups:
    """The group of each use, and the names of the groups."""

    word: str
    names: tuple[str, ...]
    places: dict[tuple[str, int], int]
    """Group by sentence and position of the word in it."""
    about: dict[str, str | int | None]
    """How the groups were found: model, method, seed and the conclusion of the sense card."""

    def labels_of(self, uses: Uses) -> tuple[int, ...]:
        """Group of each use, -1 where the file does not have it.

        Raises:
            InputError: none of the uses is in it.
        """
        labels = tuple(self.places.get((use.text, use.position), -1) for use in uses.uses)
        if set(labels) <= {-1}:
            raise InputError(
                f"The groups are of {self.word!r} in another text: none of these {len(labels)} uses is in "
                "the file."
            )
        return labels


def to_json(
    uses: Uses, labels: Sequence[int], names: Sequence[str], about: dict[str, str | int | None]
) -> bytes:
    """Write groups.

    Args:
        uses: n uses.
        labels: n groups, -1 = none.
        names: names of the groups.
        about: how they were found.
    """
    return json.dumps(
        {
            "format": FORMAT,
            "word": uses.word,
            "about": about,
            "groups": [{"name": name, "uses": list(labels).count(i)} for i, name in enumerate(names)],
            "uses": [
                {"sentence": use.text, "position": use.position, "group": int(label)}
                for use, label in zip(uses.uses, labels, strict=True)
            ],
        },
        ensure_ascii=False,
        indent=1,
    ).encode()


def from_json(content: bytes, name: str) -> LabelledGroups:
    """Read groups.

    Args:
        content: content of the file.
        name: name of the file, for messages.

    Raises:
        InputError: it is too large, or not a file of sense groups.
    """
    if len(content) > MAX_BYTES:
        raise InputError(f"{name} has {len(content) >> 20} MB; groups have up to {MAX_BYTES >> 20} MB.")
    try:
        data = json.loads(read_text(content, name).text)
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}")
        names = tuple(str(group["name"])[:200] for group in data["groups"])
        places = {(str(use["sentence"]), int(use["position"])): int(use["group"]) for use in data["uses"]}
        about = {
            str(key): value for key, value in data["about"].items() if isinstance(value, str | int | None)
        }
        if not 1 <= len(names) <= MAX_GROUPS or not all(
            -1 <= group < len(names) for group in places.values()
        ):
            raise ValueError("its group numbers make no sense")
        return LabelledGroups(str(data["word"]), names, places, about)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise InputError(
            f"{name} holds no sense groups: {_reason(error)}. Choose a file that was saved here as JSON."
        ) from None


def _reason(error: Exception) -> str:
    """Describe what is wrong with a file."""
    if isinstance(error, InputError):
        return "it holds no text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is not JSON from line {error.lineno} on"
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    if type(error) is ValueError and str(error).startswith("its "):
        return str(error)
    return "its parts are not what groups consist of"
