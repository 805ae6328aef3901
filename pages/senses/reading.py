"""What a model makes of the uses of a word: its study, groups, findings and map."""

from __future__ import annotations

from dataclasses import dataclass, replace

from elmo_core.senses.study import CONTEXT, Grouping, SenseMap, Study, view_names
from elmo_core.senses.uses import Uses
from pages.common import sense_data as data
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import Source, load_model
from pages.senses.cards import NamedGroups, name_the_groups
from pages.senses.controls import Choice
from pages.senses.story import Findings, find_out


@dataclass(frozen=True, eq=False)
class WordReading:
    """All that the top of the page shows of one model."""

    choice: Choice
    """With a view that the model has."""
    study: Study
    grouping: Grouping
    named: NamedGroups
    findings: Findings
    drawn: SenseMap
    umap_job: Job | None


def read(page: str, source: Source, choice: Choice, uses: Uses) -> WordReading:
    """Compute all of it with the model that the page reads with; the page stops until it is there.

    Args:
        page: prefix of the keys of all widgets and jobs.
        source: the text.
        choice: what the visitor chose. Where the model has no such view, its context is taken.
        uses: of the word.

    Raises:
        ElmoError: of any of it.
    """
    if choice.view not in (CONTEXT, *view_names(load_model(model_name()).n_layers)):
        choice = replace(choice, view=CONTEXT)
    study = data.study(page, source, choice.asked, uses)
    grouping = data.groups(page, source, choice.asked, study, choice.method, choice.k)
    grouping, named = name_the_groups(page, subject_of(source, choice), study, grouping, choice)
    findings = find_out(page, source, choice, study, grouping)
    drawn, umap_job = data.sense_map(page, source, choice.asked, study, choice.view, choice.projection)
    return WordReading(choice, study, grouping, named, findings, drawn, umap_job)


def subject_of(source: Source, choice: Choice) -> str:
    """What the ids of the uses number."""
    return f"{source.key} {choice.asked}"
