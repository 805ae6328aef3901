"""What the models that a run has kept make of one word: how its meaning appears while the run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from elmo_core.embedder import Elmo
from elmo_core.exceptions import InputError
from elmo_core.geometry.clustering import unit_rows
from elmo_core.progress import Report
from elmo_core.runs.folder import TRAIN, Run
from elmo_core.runs.texts import sample_senses
from elmo_core.senses.study import Grouping, Study, group_uses, study_uses
from elmo_core.senses.substitutes import find_substitutes
from elmo_core.senses.use_vectors import embed_uses
from elmo_core.senses.uses import Uses, find_uses
from elmo_core.text.opening import open_text
from elmo_core.weights.folder import read_folder

N_WORDS = 6
MOST_LINES = 50_000
"""Of the training text in which uses of a word are looked for."""
MOST_USES = 60
"""Uses that are grouped, so that it stays quick at each kept model."""

Scored = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class WordLook:
    """What a model puts in the place of a word, and which words it takes to be like it."""

    substitutes: Scored
    """With their shares, for the word in a sentence."""
    nearest: Scored
    """With their cosines, by the rows of the softmax; empty where the model does not predict the word."""


def load_kept(folder: Path) -> Elmo:
    """Load a kept model.

    Raises:
        ModelError: its files are damaged, or gone.
    """
    return Elmo(read_folder(folder), device="cpu", threads=1)


def look_at_word(elmo: Elmo, sentence: str, word: str) -> WordLook:
    """Ask a model for substitutes of a word in a sentence, and for the words nearest to it.

    Args:
        elmo: with a softmax.
        sentence: with the word in it.
        word: one word.

    Raises:
        InputError: the word is not in the sentence.
    """
    uses = find_uses([sentence], word)
    if not uses.uses:
        raise InputError(f"{word!r} is not in the sentence; choose a word of it.")
    found = find_substitutes(elmo, embed_uses(elmo, uses).expected, uses, n_kept=N_WORDS)
    return WordLook(found.of_use(0, N_WORDS), _nearest(elmo, uses.uses[0].word))


def uses_in_run(run: Run, word: str) -> Uses:
    """Find uses of a word in the text of a run, with their senses where they are of the bundled sample.

    Raises:
        InputError: the text cannot be read, or the word is no query.
    """
    with open_text(run.folder / TRAIN) as text:
        lines = list(islice((line for line in text.lines() if line), MOST_LINES))
    senses: Mapping[str, tuple[str, str]] = sample_senses()
    known = [senses.get(line, ("", "")) for line in lines]
    labels = [sense if of == word.casefold() else None for of, sense in known]
    if any(labels):  # of the sample, the sentences that were written for the word
        lines = [line for line, label in zip(lines, labels, strict=True) if label]
        labels = [label for label in labels if label]
    return find_uses(lines, word, labels, max_uses=MOST_USES)


def group_in_run(elmo: Elmo, uses: Uses, report: Report | None = None) -> tuple[Study, Grouping]:
    """Read the uses of a word with a model, and look for groups in them.

    Args:
        elmo: the model.
        uses: at least one.
        report: progress callback.
    """
    study = study_uses(elmo, uses, report=report)
    return study, group_uses(study)


def _nearest(elmo: Elmo, word: str) -> Scored:
    softmax, vocabulary = elmo.model.require_softmax(), elmo.vocabulary
    words: Sequence[str] = vocabulary.words if vocabulary is not None else ()
    at = next((words.index(form) for form in (word, word.casefold()) if form in words), None)
    if at is None:
        return ()
    rows = softmax.weight.detach().numpy()  # (V, P)
    units = unit_rows(rows - rows.mean(axis=0))
    cosines = units @ units[at]
    order = [row for row in (-cosines).argsort().tolist() if row != at and words[row].isalpha()]
    return tuple((words[row], float(cosines[row])) for row in order[:N_WORDS])
