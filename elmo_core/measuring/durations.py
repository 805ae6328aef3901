"""Time spans in words."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """A time span as people say it: "4 s", "2 min", "1 h 10 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h" + f" {rest} min" * bool(rest)
