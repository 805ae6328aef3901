"""Import paths of earlier versions, which the scripts saved beside classifiers and taggers use."""

from __future__ import annotations

import sys

from elmo_core.learning.tags import prediction
from elmo_core.learning.tags import saving as tagger_saving
from elmo_core.learning.texts import saving as classifier_saving

_MOVED = {
    "saving": classifier_saving,
    "tagging": sys.modules[__name__],
    "tagging.saving": tagger_saving,
    "tagging.prediction": prediction,
}
for _name, _module in _MOVED.items():
    sys.modules[f"{__name__}.{_name}"] = _module
