"""The work behind Read: a text, and the samples that its numbers stand beside; short texts at once."""

from __future__ import annotations

from elmo_core.reading.samples import N_SENTENCES, SAMPLES, SampleSurprise, kept_surprise, sample_surprise
from elmo_core.reading.surprise import require_predictions
from elmo_core.reading.text import ReadText, read_text
from pages.common.chosen_model import model_name
from pages.common.jobs import run_or_offer
from pages.common.loaders import load_model
from pages.common.results import kept_for_all, results_about, visitor_results

_LOGITS_PER_S = 7e6  # words of the vocabulary times words of the text, on one busy core
_LETTERS_PER_WORD, _WORDS_PER_SENTENCE = 5, 20


def samples_of_model(page: str) -> SampleSurprise:
    """Return what percentiles are taken among; the page stops until it is there.

    Args:
        page: prefix of the keys of all widgets.

    Raises:
        ConfigError: the model has no softmax.
        ModelError: it came without its vocabulary.
    """
    name = model_name()
    elmo = load_model(name)
    kept = _kept(name)
    if kept is not None:
        return kept
    return run_or_offer(
        f"{page}_samples",
        ("surprise of the samples", name),
        "Reading the samples",
        lambda job: sample_surprise(elmo, job.report),
        seconds=_seconds(len(SAMPLES) * N_SENTENCES * _WORDS_PER_SENTENCE),
        results=results_about(is_sample=True),
    )


def read_for_visitor(page: str, which: str, text: str) -> ReadText:
    """Read a text; the page stops until it is read.

    Args:
        page: prefix of the keys of all widgets.
        which: of the page's texts it is.
        text: with a word in it.

    Raises:
        InputError: there is no word in it.
        ConfigError: the model has no softmax.
        ModelError: it came without its vocabulary.
    """
    name = model_name()
    elmo = load_model(name)
    return run_or_offer(
        f"{page}_{which}",
        ("read", name, text),
        "Reading",
        lambda job: read_text(elmo, text, report=job.report),
        seconds=_seconds(len(text) / _LETTERS_PER_WORD),
        results=visitor_results("read", 12),
    )


@kept_for_all(4)
def _kept(model: str) -> SampleSurprise | None:
    return kept_surprise(load_model(model))


def _seconds(n_words: float) -> float:
    *_, vocabulary = require_predictions(load_model(model_name()))
    return n_words * len(vocabulary) / _LOGITS_PER_S
