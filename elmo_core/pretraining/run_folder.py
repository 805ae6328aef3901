"""The folder of a training run: what is in it, and whether work may go on there.

run.json             what the run learns from and how, and the perplexity of guessing; written first
vocab.txt            the words it predicts
history.csv          one row for each log step
checkpoint-<step>/   see `checkpoint`
snapshots/<step>/    models on the way, where they are asked for: see `kept_models`
others/              copies of what a worker read of the others: see `shared_folder`
cache/, model/       the tokenised texts, and the finished model
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Any

from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.files import OutputKind, atomic_file
from elmo_core.pretraining.cache import TokenCache
from elmo_core.pretraining.checkpoint import checkpoints
from elmo_core.pretraining.settings import PretrainConfig

RUN = "run.json"
FREE_SETTINGS = frozenset(
    {
        "total_words", "learning_rate", "warm_up_steps", "decay_from", "final_rate", "weight_decay",
        "clip_norm", "dropout", "patience", "checkpoint_steps", "log_steps", "device", "dtype", "compile",
        "threads",
    }
)  # fmt: skip
"""Settings that may change when a run is resumed; a change of any other one makes it another run."""
OTHERS = "others"
_BEGUN = {"cache", "vocab.txt", "history.csv", "history.partial", OTHERS}


def is_run(folder: Path) -> bool:
    """Whether a folder belongs to a run, even one that was killed before its first checkpoint."""
    names = {path.name for path in folder.iterdir()}
    if any(name.startswith("checkpoint-") for name in names):
        return True
    if RUN in names:
        return bool(_read(folder))
    if any(name not in _BEGUN and not name.startswith(".") for name in names):
        return False
    history = folder / "history.csv"
    return "vocab.txt" not in names or (history.is_file() and history.read_bytes().startswith(b"step,words,"))


RUN_FOLDER = OutputKind("a training run", is_run, grows=True)


def run_identity(config: PretrainConfig, cache: TokenCache, valid: Iterable[list[str]]) -> dict[str, Any]:
    """The identity of a run: its texts by content, and its settings.

    Args:
        config: with the model's shape as it is trained.
        cache: the tokenised corpus; its folder is named by a digest of all shards and how they are read.
        valid: the held-out sentences that are measured.
    """
    held_out = hashlib.sha256()
    for sentence in valid:
        held_out.update("\0".join(sentence).encode("utf-8", "surrogatepass") + b"\n")
    return {"corpus": cache.folder.name, "held_out": held_out.hexdigest()[:16], "config": config.to_dict()}


def require_begun_run(folder: Path) -> None:
    """Refuse to resume where no run was begun.

    Raises:
        TrainingError: there is neither a checkpoint nor the note of a run that was stopped before one.
    """
    if not (checkpoints(folder) or _read(folder)):
        raise TrainingError(
            f"{folder} holds no checkpoint to resume; leave out --resume to begin a run there."
        )


def write_run(folder: Path, identity: Mapping[str, Any]) -> None:
    """Note what a run learns from, and what its perplexity is compared with."""
    with atomic_file(folder / RUN) as partial:
        partial.write_text(json.dumps(identity, indent=1) + "\n", encoding="utf-8")


def require_same_run(folder: Path, identity: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Refuse to resume a run with another text or with settings that make it another run.

    Args:
        folder: folder of the run.
        identity: of what is to go on, from `run_identity`.
        config: the settings in the run's checkpoint. A run of an earlier version notes nothing else: its
            corpus is then known by its vocabulary alone.

    Raises:
        TrainingError: names what differs.
    """
    noted = _read(folder)
    for name, what in (("corpus", "training text"), ("held_out", "held-out text")):
        if name in noted and noted[name] != identity[name]:
            raise TrainingError(
                f"{folder} is a run with another {what}; resume it with the same files and options, or give "
                "another folder."
            )
    try:
        found = differing_setting(config, identity["config"])
    except ConfigError as error:
        raise TrainingError(f"The settings of the run in {folder} cannot be read: {error}") from None
    if found:
        name, before, now = found
        raise TrainingError(
            f"{folder} is a run with another {name} ({before!r}, not {now!r}); resume it with its own "
            "settings, or give another folder."
        )


def differing_setting(
    before: Mapping[str, Any], now: Mapping[str, Any], free: Set[str] = FREE_SETTINGS
) -> tuple[str, object, object] | None:
    """Return the first setting that makes two runs different ones, with its two values; None without any.

    Args:
        before: settings as JSON values.
        now: settings from `PretrainConfig.to_dict`.
        free: names of those that may differ.

    Raises:
        ConfigError: the former are no settings.
    """
    before = PretrainConfig.from_dict(dict(before)).to_dict()
    name = next((name for name in now if name not in free and before.get(name) != now[name]), None)
    if name == "model":  # name the part of it
        before, now = before[name], now[name]
        name = next(part for part in now if before.get(part) != now[part])
    return None if name is None else (name, before.get(name), now[name])


def _read(folder: Path) -> dict[str, Any]:
    try:
        noted = json.loads((folder / RUN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) and "corpus" in noted else {}
