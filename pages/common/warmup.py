"""What a server does before its first visitor: load, draw once, compile."""

from __future__ import annotations

import gc
import logging

import numpy as np

from elmo_core.exceptions import ElmoError

LOGGER = logging.getLogger(__name__)


def warm_up() -> None:
    """Import what is heavy, load the model, draw the first map, compile UMAP."""
    from elmo_core.plots.senses import plot_uses
    from pages.common.loaders import FIRST_WORD, sample, study, uses_of

    try:
        first = study(sample(), uses_of(sample(), FIRST_WORD), "pca")
        plot_uses(first, first.views[0]).to_json()
    except ElmoError as error:  # the sidebar tells the visitor; the server stays up
        LOGGER.warning("%s", error)
    _settle()
    compile_umap()
    _settle()


def compile_umap() -> None:
    """Let numba compile UMAP: it takes 10 s, once in each process."""
    from elmo_core.analysis.projection import shared_frame

    shared_frame(np.random.default_rng(0).standard_normal((1, 64, 8)), 1, "umap")


def _settle() -> None:
    """Take what is loaded out of the garbage collector's rounds, which hold up every run of every page."""
    gc.collect()
    gc.freeze()
