"""What becomes of a run: a model of the user's with a card, or files to take away."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from elmo_core.exceptions import TrainingError
from elmo_core.own_models import add_model
from elmo_core.runs.folder import Run
from elmo_core.runs.progress import Progress, read_progress
from elmo_core.weights.folder import read_folder, write_folder
from elmo_core.weights.official import write_official
from elmo_core.weights.registry import ModelEntry
from elmo_core.weights.store import StoredModel


def take_model(run: Run, name: str) -> ModelEntry:
    """Put the model of a finished run among the user's models.

    Args:
        run: a finished run.
        name: under which it will be known.

    Raises:
        TrainingError: the run has no finished model.
        ModelError: the name is impossible or taken.
        OutputError: the folder of the user's models cannot be written.
    """
    _require_model(run)
    return add_model(run.model, name, card=model_card(run, name))


def model_card(run: Run, name: str) -> str:
    """Describe the model of a run from its facts, in Markdown."""
    about, config, progress = run.about, run.config, read_progress(run)
    shape = config.model
    start = (
        f"the model {_last_part(about.start)}"
        if about.start
        else "word2vec"
        if config.warm_start
        else "random weights"
    )
    day = datetime.fromtimestamp(about.created, UTC).date().isoformat()
    text = f"{_last_part(about.text)} ({about.n_words:,} words, language {about.language})"
    lines = [
        f"# {name}",
        "",
        f"A biLM, trained on {text} from {start}; the run was made on {day}.",
        "",
        f"* It has read {progress.words:,} words: each word of its text about "
        f"{progress.words / max(1, about.n_words):,.1f} times.",
        f"* {_say_perplexity(progress)}",
        f"* {shape.n_layers} layers of {shape.lstm_dim} cells, projection {shape.projection_dim}."
        if not about.start
        else "* It has the shape of the model that it goes on from.",
        "* What it has not read about, it does not know: it repeats the bias and the errors of its text.",
        "",
        "The same with `elmo pretrain`, in the folder of the run:",
        "",
        f"    {run.command_line(is_relative=True)}",
        "",
    ]
    return "\n".join(lines)


def model_archive(run: Run) -> bytes:
    """The model's own folder with its card as a `.zip`, which the page Models and every command read.

    Raises:
        TrainingError: the run has no finished model.
        ModelError: its files are damaged.
    """
    stored = _require_model(run)
    with tempfile.TemporaryDirectory() as folder:
        write_folder(stored, Path(folder) / run.name, card=model_card(run, run.name))
        return _zipped(Path(folder) / run.name)


def official_archive(run: Run) -> bytes:
    """The official two files as a `.zip`; they have no place for the softmax.

    Raises:
        TrainingError: the run has no finished model.
        ModelError: its files are damaged.
    """
    stored = _require_model(run)
    with tempfile.TemporaryDirectory() as folder:
        write_official(stored.model, stored.vocabulary, Path(folder) / run.name)
        return _zipped(Path(folder) / run.name)


def _require_model(run: Run) -> StoredModel:
    if not (run.model / "config.json").is_file():
        raise TrainingError(f"{run.name} has no finished model yet; let it go on, or finish it now.")
    return read_folder(run.model)


def _last_part(name: str) -> str:
    """A name as it is; of a full path, its last part, because a card goes to others."""
    return Path(name).name if Path(name).is_absolute() or name.startswith("~") else name


def _say_perplexity(progress: Progress) -> str:
    if not progress.measured:
        return "Its perplexity was not measured."
    last = progress.measured[-1]
    guessing = f"; guessing by frequency gives {progress.guessing:,.1f}" if progress.guessing else ""
    return (
        f"Its perplexity on lines that were held out is {last.perplexity:,.1f}, with "
        f"{100 * (last.unknown_share or 0):.1f}% of the words outside its vocabulary{guessing}."
    )


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:  # weights hardly shrink
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{folder.name}/{file.name}")
    return buffer.getvalue()
