"""Words of users inside sentences of ours."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # all ASCII punctuation, which Markdown lets a backslash protect


def escape_markdown(text: str) -> str:
    """Text that a Markdown element shows letter by letter: no link, image, colour or formula in it."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
