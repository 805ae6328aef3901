"""Import paths of earlier versions, for copied cells of Word senses, Layers and mixtures, and Maps."""

from __future__ import annotations

import sys

from elmo_core.geometry import projection
from elmo_core.layers import contextuality, gram_matrices, labelled, learned, mixture, probing, scores
from elmo_core.maps import movers, points, text_map
from elmo_core.senses import study, usage_change, uses, what_if
from elmo_core.tables import corpus

_MOVED = {
    "reading": corpus,
    "senses": study,
    "usage_change": usage_change,
    "uses": uses,
    "what_if": what_if,
    "layers": sys.modules[__name__],
    "layers.contextuality": contextuality,
    "layers.grams": gram_matrices,
    "layers.labelled": labelled,
    "layers.learned": learned,
    "layers.mixture": mixture,
    "layers.probing": probing,
    "layers.scores": scores,
    "maps": sys.modules[__name__],
    "maps.movers": movers,
    "maps.points": points,
    "maps.projecting": projection,
    "maps.text_map": text_map,
}
for _name, _module in _MOVED.items():
    sys.modules[f"{__name__}.{_name}"] = _module
