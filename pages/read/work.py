"""The work behind Read: texts, and the samples that their numbers stand beside; short texts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from elmo_core.encoders.likelihoods import SIDES, Side
from elmo_core.reading.samples import N_SENTENCES, SAMPLES, SampleSurprise, kept_surprise, sample_surprise
from elmo_core.reading.text import ReadText, read_text, require_likelihoods
from pages.common.chosen_model import model_name
from pages.common.jobs import run_or_offer
from pages.common.loaders import load_model
from pages.common.results import kept_for_all, results_about, visitor_results

_LETTERS_PER_WORD, _WORDS_PER_SENTENCE = 5, 20


@dataclass(frozen=True)
class Readings:
    """All texts of the page as one model reads them."""

    model: str
    samples: SampleSurprise
    """What percentiles are taken among."""
    texts: dict[str, ReadText]
    """By their names on the page."""

    @property
    def sides(self) -> tuple[Side, ...]:
        """Where the model predicts from."""
        return next(iter(self.texts.values())).sides


def read_all(page: str, texts: Mapping[str, str]) -> Readings:
    """Read the texts of the page with its model; the page stops until they are read.

    Args:
        page: prefix of the keys of all widgets.
        texts: by their names, each with a word in it.

    Raises:
        InputError: there is no word in a text.
        ConfigError: the model does not predict words.
        ModelError: it came without its vocabulary.
    """
    samples = _samples(page)
    return Readings(model_name(), samples, {which: _read(page, which, text) for which, text in texts.items()})


def sides_of(models: Iterable[str]) -> tuple[Side, ...]:
    """Return where all of some models predict from; those that predict no words do not count."""
    found = [load_model(name).word_likelihoods() for name in models]
    return tuple(side for side in SIDES if all(one is None or side in one.sides for one in found))


def _samples(page: str) -> SampleSurprise:
    name = model_name()
    elmo = load_model(name)
    kept = _kept(name)
    if kept is not None:
        return kept
    return run_or_offer(
        f"{page}_samples",
        ("surprise of the samples", name),
        "Reading the samples",
        lambda job: job.apart(sample_surprise, elmo),
        seconds=_seconds(len(SAMPLES) * N_SENTENCES * _WORDS_PER_SENTENCE),
        results=results_about(is_sample=True),
    )


def _read(page: str, which: str, text: str) -> ReadText:
    name = model_name()
    elmo = load_model(name)
    return run_or_offer(
        f"{page}_{which}",
        ("read", name, text),
        "Reading",
        lambda job: job.apart(read_text, elmo, text),
        seconds=_seconds(len(text) / _LETTERS_PER_WORD),
        results=visitor_results("read", 12),
    )


@kept_for_all(4)
def _kept(model: str) -> SampleSurprise | None:
    return kept_surprise(load_model(model))


def _seconds(n_words: float) -> float:
    return n_words * require_likelihoods(load_model(model_name())).seconds_per_word
