"""Warm-up of the server before its first visitor: load, draw once, compile."""

from __future__ import annotations

import contextlib
import gc
import logging

import numpy as np

from elmo_core.exceptions import ElmoError
from elmo_core.geometry.projection import ProjectionMethod
from elmo_core.memory import available_bytes
from elmo_core.senses.study import CONTEXT

_MEMORY = 2 << 30  # to be available before a work process is started ahead of its work

LOGGER = logging.getLogger(__name__)


def warm_up() -> None:
    """Import heavy modules, load the model, draw the first maps, compile UMAP and draw its first map.

    The other words of the sample are read in a work process meanwhile, where there is memory for one. A model
    that is run once more for each context reads none ahead: pages ask before they let it.
    """
    from pages.common.chosen_model import RANDOM_MODEL, model_name
    from pages.common.loaders import load_model
    from pages.common.openings import opening_contrast
    from pages.common.sense_data import contexts_are_free, note_umap
    from pages.common.text_spaces import sample_space
    from pages.entities.work import kept_comparison
    from pages.maps.settings import opening_map

    reads_ahead = False
    try:
        reads_ahead = contexts_are_free(load_model(model_name()))
        if reads_ahead:
            _draw_opening_word("pca")
            _settle()
        compile_umap()
        note_umap()
        if reads_ahead:
            _draw_opening_word("umap")
    except ElmoError as error:  # the sidebar tells the visitor; the server stays up
        LOGGER.warning("%s", error)
    _settle()
    with contextlib.suppress(ElmoError):  # said above
        opening_map(model_name())
        sample_space(model_name())
        opening_contrast(model_name())
        kept_comparison(model_name())
        if reads_ahead and model_name() != RANDOM_MODEL:  # nobody studies random weights
            read_words_ahead()
    _settle()


def _draw_opening_word(projection: ProjectionMethod) -> None:
    """Read, group and draw the uses that Word senses opens on."""
    from elmo_core.plots.sense_map import colour_by_sense, plot_map
    from pages.common import sense_data as data
    from pages.common.chosen_model import model_name
    from pages.common.loaders import sample
    from pages.common.openings import opening

    asked = data.UseQuery(opening(model_name()))
    uses = data.find("", sample(), asked)
    study = data.study("", sample(), asked, uses)
    data.groups("", sample(), asked, study, "k-means", None)
    drawn, _ = data.sense_map("", sample(), asked, study, CONTEXT, projection)
    plot_map(drawn, uses, colour_by_sense(uses)).to_json()


def read_words_ahead() -> None:
    """Let a work process read the words that the sample offers, so that no visitor waits for one."""
    from pages.common.chosen_model import model_name
    from pages.common.loaders import sample, words_to_try
    from pages.common.openings import opening
    from pages.common.processes import run_apart
    from pages.common.sense_data import read_ahead

    if (available_bytes() or _MEMORY) < _MEMORY:
        return
    for word in words_to_try(sample()):
        if word == opening(model_name()):  # the warm-up itself has read it
            continue
        found = run_apart(read_ahead, (word,), report=lambda *_: None, note=lambda _: None)
        for key, result in found.items():
            sample().results.keep(key, result)


def compile_umap() -> None:
    """Let numba load UMAP; the first process of a machine compiles it, for some ten seconds."""
    from elmo_core.geometry.shared_frame import shared_frame

    shared_frame(np.random.default_rng(0).standard_normal((1, 64, 8)), 1, "umap")


def _settle() -> None:
    """Exempt loaded objects from garbage collection, which would slow down every run of every page."""
    gc.collect()
    gc.freeze()
