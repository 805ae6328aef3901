"""Import paths of earlier versions, which the scripts saved beside classifiers and taggers use."""

from __future__ import annotations

import sys

from elmo_core.learning import saving
from elmo_core.learning.tags import prediction
from elmo_core.learning.tags import saving as tag_saving

_MOVED = {
    "saving": saving,
    "tagging": sys.modules[__name__],
    "tagging.saving": tag_saving,
    "tagging.prediction": prediction,
}
for _name, _module in _MOVED.items():
    sys.modules[f"{__name__}.{_name}"] = _module
