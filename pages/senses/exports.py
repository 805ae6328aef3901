"""Downloads of the page of word senses: rows, the map, the groups, a Python cell."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from elmo_core.senses.labelled_groups import to_json
from elmo_core.senses.study import Grouping, SenseMap, Study
from pages.common.chosen_model import model_name
from pages.common.exports import Download, literal, python_cell, show_downloads
from pages.common.loaders import Source
from pages.common.selection import selection_for_link
from pages.senses.cards import NamedGroups, names_for_link
from pages.senses.controls import Choice

_IMPORTS = """from pathlib import Path

from elmo_core import load_elmo
from elmo_core.tables.corpus import read_column, split_text
from elmo_core.senses.study import draw_map, frame_of, group_uses, study_uses
from elmo_core.senses.uses import find_uses
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import plot_map
from elmo_core.shipped import shipped
from elmo_core.tables.reading import read_table_file, read_text"""
_N_SUBSTITUTES = 10


def offer_all(
    page: str,
    source: Source,
    choice: Choice,
    study: Study,
    grouping: Grouping,
    named: NamedGroups,
    drawn: SenseMap,
    figure: go.Figure,
    selected: Sequence[int],
) -> None:
    """Show all downloads in one row of buttons; a link to the sample carries selection and names."""
    about: dict[str, str | int | None] = {
        "model": model_name(),
        "method": choice.method,
        "groups asked for": choice.k,
        "seed": choice.asked.seed,
        "card": grouping.card.sentence,
    }
    name = f"{study.uses.word.strip('/')} {choice.view}"
    show_downloads(
        page,
        "".join(character if character.isalnum() else " " for character in name),
        rows=lambda: rows_of(study, named, drawn),
        figures={"Map": figure},
        more=(
            Download(
                "Groups (JSON)",
                "sense-groups.json",
                "application/json",
                lambda: to_json(study.uses, named.labels, named.names, about),
            ),
        ),
        cell=cell_of(source, choice, named.names),
        reads_file=not source.is_sample,
        in_link={**selection_for_link(selected), **names_for_link(grouping, named)}
        if source.is_sample
        else None,
    )


def rows_of(study: Study, named: NamedGroups, drawn: SenseMap) -> pd.DataFrame:
    """Return every use with its place on the map, its group and its substitutes."""
    uses, colouring = study.uses.uses, named.colouring
    return pd.DataFrame(
        {
            "use": [use.id + 1 for use in uses],
            "sentence": [use.sentence + 1 for use in uses],
            "left": [use.left.strip() for use in uses],
            "word": [use.word for use in uses],
            "right": [use.right.strip() for use in uses],
            "gold sense": [use.label for use in uses],
            "group": [label + 1 if label >= 0 else None for label in named.labels],
            "group name": [colouring.name_of(use.id) for use in uses],
            study.substitutes.kind: [
                ", ".join(word for word, _ in study.substitutes.of_use(use.id, _N_SUBSTITUTES))
                for use in uses
            ],
            "view": drawn.view,
            "projection": drawn.frame.method,
            "x": drawn.coordinates[:, 0],
            "y": drawn.coordinates[:, 1],
            "true neighbours": drawn.faithfulness.shares,
        }
    )


def cell_of(source: Source, choice: Choice, names: Sequence[str]) -> str:
    """Return Python that draws the same map with the public functions."""
    asked, view = choice.asked, literal(choice.view)
    query = literal(asked.query)
    grouping = f"group_uses(study, method={literal(choice.method)}, k={choice.k}, seed={asked.seed})"
    return python_cell(
        _IMPORTS,
        f"elmo = load_elmo({literal(model_name())})",
        *source.recipe,
        f"uses = find_uses(text.sentences, {query}, text.labels_of({query}), max_uses={asked.max_uses}, "
        f"seed={asked.seed}, inflections={asked.inflections})",
        "study = study_uses(elmo, uses)",
        f"grouping = {grouping}",
        "print(grouping.card.sentence)",
        f"frame = frame_of(study, {view}, {literal(choice.projection)}, {asked.seed})",
        f"sense_map = draw_map(study, {view}, frame)",
        f"names = {literal(tuple(names))}",
        'plot_map(sense_map, uses, Colouring(grouping.labels, names, "in no group"))',
    )
