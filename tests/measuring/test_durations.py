"""Time spans in words."""

from __future__ import annotations

import pytest

from elmo_core.measuring.durations import duration


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (59.2, "59 s"), (61, "1 min"), (3600, "1 h"), (4260, "1 h 11 min")]
)
def test_durations(seconds: float, said: str):
    assert duration(seconds) == said
