"""What the page of word senses shows, from its shelf or computed: uses, study, groups, map, scores."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import cast

from elmo_core.exceptions import InputError
from elmo_core.geometry.neighbours import NearestUses, nearest_uses
from elmo_core.geometry.projection import MIN_UMAP_POINTS
from elmo_core.geometry.projection import Method as Projection
from elmo_core.geometry.separation import Separation
from elmo_core.geometry.shared_frame import Frame
from elmo_core.progress import Report
from elmo_core.senses.groups import Method, SenseGroups, find_groups
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
from pages.common.loaders import Source, load_model, model_name
from pages.common.shelves import computed, shelf_of

LONG_TEXT = 50_000
_LONG_TO_TOKENISE = 5_000  # sentences: patterns and inflections take the tokens of all of them
"""Sentences: in a longer text, a search for uses runs as a job."""
LONG_STUDY = 150
"""Uses: more of them are read by the model as a job."""
LONG_MAP = 150
"""Uses: UMAP of more of them always runs as a job."""
LONG_CHECK = 3000
"""Uses: the map of more of them is checked for false neighbours by a job."""


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
    """Uses that the last study read in a second; None before the first one."""
    return _Pace.uses_per_s


def note_umap() -> None:
    """UMAP has been compiled: small maps may be drawn at once."""
    _Pace.has_umap = True


def find(page: str, source: Source, asked: UseQuery) -> Uses:
    """Every use that is asked for, or the sample of them."""

    def work(report: Report) -> Uses:
        labels = source.text.labels_of(asked.query)
        return find_uses(
            source.text.sentences,
            asked.query,
            labels,
            max_uses=asked.max_uses,
            seed=asked.seed,
            inflections=asked.inflections,
            progress=lambda share: report("", share),
        )

    needs_tokens = asked.inflections or asked.query.strip().startswith("/")
    is_long = len(source.text.sentences) > (_LONG_TO_TOKENISE if needs_tokens else LONG_TEXT)
    title = f"Looking for {asked.query}"
    found = computed(source, ("uses", asked), work, owner=f"{page}_search", title=title, is_long=is_long)
    return cast(Uses, found)


def study(page: str, source: Source, asked: UseQuery, uses: Uses) -> Study:
    """What the model says about these uses; it is asked once."""
    elmo, n = load_model(model_name()), len(uses.uses)

    def work(report: Report) -> Study:
        started = time.monotonic()
        found = study_uses(elmo, uses, report=report)
        _Pace.uses_per_s = n / max(time.monotonic() - started, 1e-3)
        return found

    key, title = ("study", elmo.name, asked), f"Reading {n:,} uses of {uses.word}"
    found = computed(source, key, work, owner=f"{page}_study", title=title, is_long=n > LONG_STUDY)
    return cast(Study, found)


def groups(
    page: str, source: Source, asked: UseQuery, found: Study, method: Method, k: int | None
) -> Grouping:
    """The groups of the uses, judged and named."""
    base, n = (load_model(model_name()).name, asked, method), len(found.uses.uses)
    cuts = cast(
        SenseGroups,
        computed(
            source,
            ("cuts", *base),
            lambda report: find_groups(found.vectors.contexts, method=method, seed=asked.seed),
            owner=f"{page}_cuts",
            title=f"Looking for groups among {n:,} uses",
            is_long=n > LONG_STUDY,
        ),
    )
    work = ("groups", *base, k)
    return cast(
        Grouping,
        computed(
            source, work, lambda report: group_uses(found, method=method, k=k, groups=cuts, seed=asked.seed)
        ),
    )


def sense_map(
    page: str, source: Source, asked: UseQuery, found: Study, view: str, projection: Projection
) -> tuple[SenseMap, jobs.Job | None]:
    """The map of a view, and the job that draws UMAP where PCA stands in for it meanwhile."""
    n, plane = len(found.uses.uses), CONTEXT if view == CONTEXT else "layers"
    base = ("frame", load_model(model_name()).name, asked, plane)
    method: Projection = projection if n >= MIN_UMAP_POINTS else "pca"
    job = None
    if method == "umap" and (n > LONG_MAP or not _Pace.has_umap):
        job = _umap_job(
            page, source, (*base, "umap"), lambda report: frame_of(found, view, "umap", asked.seed, report)
        )
        method = "pca" if job else "umap"
    frame = cast(
        Frame, computed(source, (*base, method), lambda report: frame_of(found, view, method, asked.seed))
    )
    drawn = computed(
        source,
        ("map", view, method, *base),
        lambda report: draw_map(found, view, frame),
        owner=f"{page}_map",
        title="Looking for false neighbours on the map",
        is_long=n > LONG_CHECK,
    )
    return cast(SenseMap, drawn), job


def _umap_job(
    page: str, source: Source, key: tuple[Hashable, ...], draw: Callable[[Report], Frame]
) -> jobs.Job | None:
    """The job that puts UMAP on the shelf; None where it is there already."""
    shelf, full_key, owner = shelf_of(source), (source.key, *key), f"{page}_umap"
    if shelf.find(full_key) is not None:
        return None

    def work(job: jobs.Job) -> object:
        frame = draw(job.report)
        note_umap()
        return shelf.keep(full_key, frame)

    return jobs.current(owner, repr(full_key)) or jobs.start(owner, repr(full_key), "Drawing UMAP", work)


def scores(source: Source, asked: UseQuery, found: Study) -> tuple[tuple[Separation, ...], str]:
    """How well each view separates the gold senses, or why that cannot be said."""

    def work(report: Report) -> tuple[tuple[Separation, ...], str]:
        if not any(found.uses.labels):
            return (), "These uses carry no gold senses. A table with a column of senses is scored."
        try:
            return score_views(found), ""
        except InputError as error:
            return (), str(error)

    key = ("scores", load_model(model_name()).name, asked)
    return cast(tuple[tuple[Separation, ...], str], computed(source, key, work))


def nearest(source: Source, asked: UseQuery, found: Study, row: int) -> tuple[NearestUses, ...]:
    """The nearest uses of one use in every view but the mix."""

    def work(report: Report) -> tuple[NearestUses, ...]:
        views = found.views[:-1]
        return tuple(nearest_uses(found.halves(view).units()[None], [view], row)[0] for view in views)

    key = ("nearest", load_model(model_name()).name, asked, row)
    return cast(tuple[NearestUses, ...], computed(source, key, work))
