"""Import paths of earlier versions, for scripts saved beside classifiers and taggers and for copied cells."""

from __future__ import annotations

import sys

from elmo_core.learning import verdict, workflow
from elmo_core.learning.tags import prediction, reading, sentences
from elmo_core.learning.tags import saving as tagger_saving
from elmo_core.learning.texts import dataset, results
from elmo_core.learning.texts import saving as classifier_saving

_MOVED = {
    "comparison": workflow,
    "dataset": dataset,
    "results": results,
    "saving": classifier_saving,
    "verdict": verdict,
    "tagging": sys.modules[__name__],
    "tagging.prediction": prediction,
    "tagging.reading": reading,
    "tagging.saving": tagger_saving,
    "tagging.sentences": sentences,
}
for _name, _module in _MOVED.items():
    sys.modules[f"{__name__}.{_name}"] = _module
