"""What is computed about the uses of a word: the uses, their study, groups, map and scores."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import InputError
from elmo_core.geometry.neighbours import NearestUses, nearest_uses
from elmo_core.geometry.projection import MIN_UMAP_POINTS
from elmo_core.geometry.projection import ProjectionMethod as Projection
from elmo_core.geometry.separation import Separation
from elmo_core.geometry.shared_frame import Frame
from elmo_core.senses.bounds import UNCALIBRATED
from elmo_core.senses.groups import GroupingMethod, SenseGroups, find_groups
from elmo_core.senses.study import (
    CONTEXT,
    Grouping,
    SenseMap,
    Study,
    draw_map,
    frame_of,
    group_uses,
    score_views,
    study_uses,
)
from elmo_core.senses.uses import Uses, find_uses
from pages.common import jobs
from pages.common.calibration import calibration_of
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import Source, load_model, sample

LONG_MAP = 150
"""Uses: UMAP of more of them always runs as a job."""
# Sentences and uses in a second of one busy core, from which durations are expected.
_SEARCHED_PER_S, _TOKENISED_PER_S = 25_000, 2_500
_STUDIED_PER_S, _CHECKED_PER_S = 75, 1_500
_MASKED_PER_S = 10  # uses studied by a model that is run once more for each context
_SCORED = 700  # uses whose views are scored in a second; four times as long for twice as many


@dataclass(frozen=True)
class UseQuery:
    """Which uses are wanted."""

    query: str
    inflections: bool = False
    max_uses: int = 1000
    seed: int = 42


class _Pace:
    """How many uses a second this server reads, and whether UMAP has been compiled in this process."""

    uses_per_s: float | None = None
    has_umap = False


def uses_per_second() -> float | None:
    """Uses that the chosen model reads in a second, by the last study; None before the first one."""
    return _Pace.uses_per_s if contexts_are_free(load_model(model_name())) else _MASKED_PER_S


def contexts_are_free(model: Encoder) -> bool:
    """Whether the contexts of uses cost no further run of the model."""
    view = model.context_view()
    return view is None or view.is_free


def note_umap() -> None:
    """UMAP has been compiled: small maps may be drawn at once."""
    _Pace.has_umap = True


def find(page: str, source: Source, asked: UseQuery) -> Uses:
    """Return every use that is asked for, or a sample of them."""

    def work(job: Job) -> Uses:
        labels = source.text.labels_of(asked.query)
        return job.apart(
            find_uses,
            source.text.sentences,
            asked.query,
            labels,
            max_uses=asked.max_uses,
            seed=asked.seed,
            inflections=asked.inflections,
        )

    needs_tokens = asked.inflections or asked.query.strip().startswith("/")
    rate = _TOKENISED_PER_S if needs_tokens else _SEARCHED_PER_S
    return jobs.run_or_offer(
        f"{page}_search",
        ("uses", source.key, asked),
        f"Looking for {asked.query}",
        work,
        seconds=_unless_long(len(source.text.sentences) / rate),
        results=source.results,
    )


def study(page: str, source: Source, asked: UseQuery, uses: Uses) -> Study:
    """Return what the model says about these uses; it reads each text once."""
    elmo, n = load_model(model_name()), len(uses.uses)

    def work(job: Job) -> Study:
        started = time.monotonic()
        result = job.apart(study_uses, elmo, uses)
        if contexts_are_free(elmo):
            _Pace.uses_per_s = n / max(time.monotonic() - started, 1e-3)
        return result

    pace = uses_per_second() or _STUDIED_PER_S
    if contexts_are_free(elmo) and n <= _STUDIED_PER_S * jobs.AT_ONCE_S:
        pace = _STUDIED_PER_S  # whatever the pace was when the machine was busy
    return jobs.run_or_offer(
        f"{page}_study",
        ("study", source.key, elmo.name, asked),
        f"Reading {n:,} uses of {uses.word}",
        work,
        seconds=n / pace,
        results=source.results,
    )


def groups(
    page: str, source: Source, asked: UseQuery, study: Study, method: GroupingMethod, k: int | None
) -> Grouping:
    """Return the groups of the uses, judged by the bounds of the model, and named."""
    calibration, _ = calibration_of(study.fingerprint)
    bounds = calibration.bounds if calibration else UNCALIBRATED
    base, n = (source.key, load_model(model_name()).name, asked, method, bounds), len(study.uses.uses)
    cuts: SenseGroups = jobs.run_or_offer(
        f"{page}_cuts",
        ("cuts", *base),
        f"Looking for groups among {n:,} uses",
        lambda job: job.apart(
            find_groups, study.vectors.contexts, method=method, bounds=bounds, seed=asked.seed
        ),
        seconds=_unless_long(n / _STUDIED_PER_S),
        results=source.results,
    )
    return source.results.get_or_compute(
        ("groups", *base, k), lambda: group_uses(study, method=method, k=k, groups=cuts, seed=asked.seed)
    )


def sense_map(
    page: str, source: Source, asked: UseQuery, study: Study, view: str, projection: Projection
) -> tuple[SenseMap, Job | None]:
    """Return the map of a view, and the job that draws UMAP while PCA stands in for it."""
    n, plane = len(study.uses.uses), CONTEXT if view == CONTEXT else "layers"
    base = ("frame", source.key, load_model(model_name()).name, asked, plane)
    method: Projection = projection if n >= MIN_UMAP_POINTS else "pca"
    job = None
    if method == "umap" and (n > LONG_MAP or not _Pace.has_umap):
        job = _umap_job(page, source, (*base, "umap"), study, view, asked.seed)
        method = "pca" if job else "umap"
    frame = source.results.get_or_compute((*base, method), lambda: frame_of(study, view, method, asked.seed))
    drawn = jobs.run_or_offer(
        f"{page}_map",
        ("map", view, method, *base),
        "Looking for false neighbours on the map",
        lambda job: job.apart(draw_map, study, view, frame),
        seconds=_unless_long(n / _CHECKED_PER_S),
        results=source.results,
    )
    return drawn, job


def _umap_job(
    page: str, source: Source, key: tuple[Hashable, ...], study: Study, view: str, seed: int
) -> Job | None:
    """Return the job that computes the UMAP frame; None where the frame is there already."""
    if key in source.results:
        return None

    def work(job: Job) -> Frame:
        return job.apart(frame_of, study, view, "umap", seed)

    owner = umap_owner(page)
    return jobs.current(owner, key) or jobs.start(owner, key, "Drawing UMAP", work, source.results)


def umap_owner(page: str) -> str:
    """Return the owner of the job that draws UMAP."""
    return f"{page}_umap"


def scores(page: str, source: Source, asked: UseQuery, study: Study) -> tuple[tuple[Separation, ...], str]:
    """Return how well each view separates the labelled senses, or why that cannot be measured."""
    return jobs.run_or_offer(
        f"{page}_scores",
        ("scores", source.key, load_model(model_name()).name, asked),
        "Scoring the layers",
        lambda job: job.apart(_scores_of, study),
        seconds=_unless_long((len(study.uses.uses) / _SCORED) ** 2),
        results=source.results,
    )


def _scores_of(study: Study) -> tuple[tuple[Separation, ...], str]:
    if not any(study.uses.labels):
        return (), "These uses carry no labelled senses. A table with a column of senses is scored."
    try:
        return score_views(study), ""
    except InputError as error:
        return (), str(error)


def nearest(source: Source, asked: UseQuery, study: Study, row: int) -> tuple[NearestUses, ...]:
    """Return the nearest uses of one use in every view but the mix."""

    def work() -> tuple[NearestUses, ...]:
        views = study.views[:-1]
        return tuple(nearest_uses(study.halves(view).units()[None], [view], row)[0] for view in views)

    return source.results.get_or_compute(
        ("nearest", source.key, load_model(model_name()).name, asked, row), work
    )


def read_ahead(word: str) -> dict[Hashable, Any]:
    """Return what Word senses shows first about a word of the sample, by the keys of its results.

    For a work process: the server keeps what is returned, so that nobody waits for it.
    """
    source, asked = sample(), UseQuery(word)
    uses = find("", source, asked)
    found = study("", source, asked, uses)
    groups("", source, asked, found, "k-means", None)
    note_umap()  # nobody waits here for its compilation
    for projection in ("pca", "umap"):
        sense_map("", source, asked, found, CONTEXT, projection)
    scores("", source, asked, found)
    return {key: result for key, result in source.results.everything().items() if _is_about(key, asked)}


def _is_about(key: Hashable, asked: UseQuery) -> bool:
    """Whether a result is about these uses."""
    return isinstance(key, tuple) and asked in key


def _unless_long(seconds: float) -> float:
    """Seconds of a step that is never offered by a button, because the study before it was."""
    return min(seconds, jobs.OFFERED_S)
