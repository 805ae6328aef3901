"""The comparison of methods as a job: what it computes and leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

from elmo_core import StaticVectors
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.learning.inside.inspection import Inspection
from elmo_core.learning.results import SkippedMethod
from elmo_core.learning.texts.dataset import Dataset
from elmo_core.learning.texts.results import ComparisonSettings, TextResult
from elmo_core.learning.workflow import run_classification
from elmo_core.progress import Report
from pages.classify.results import static_vectors
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import load_model


@dataclass(frozen=True)
class TextComparison:
    """A comparison that is done."""

    settings: ComparisonSettings
    parts: tuple[TextResult | SkippedMethod | Inspection, ...]
    """The results, and the look inside."""
    name: str = field(default_factory=lambda: token_hex(8))
    """Key of results about this run."""


def train(
    job: Job, data: Dataset, settings: ComparisonSettings, second: str | None, refusal: str | None
) -> TextComparison:
    """Compare the methods; the parts of the job are the results as they come.

    Args:
        job: the job.
        data: what is learned.
        settings: what is compared.
        second: name of a second model that is compared; None = there is one model.
        refusal: why that is refused, if it is.
    """
    if refusal:
        raise InputError(refusal)
    elmo, other = load_model(model_name()), load_model(second) if second else None
    job.apart(_compare, elmo, other, data, settings, static_vectors())
    return TextComparison(settings, tuple(job.parts))


def _compare(
    elmo: Encoder,
    second: Encoder | None,
    data: Dataset,
    settings: ComparisonSettings,
    static: StaticVectors | None,
    report: Report,
    note: Callable[[object], None],
) -> None:
    for part in run_classification(elmo, data, settings, static=static, second=second, report=report):
        note(part)
