"""Words of users inside sentences of ours."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # all ASCII punctuation, which Markdown lets a backslash protect


def plain(text: str) -> str:
    """Text that a Markdown element shows letter by letter: no link, image, colour or formula in it."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def duration(seconds: float) -> str:
    """A time span as people say it: "4 s", "2 min", "1 h 10 min"."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h" + f" {rest} min" * bool(rest)
