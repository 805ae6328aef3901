"""Text of visitors inside Markdown."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")  # all ASCII punctuation, which Markdown lets a backslash protect


def escape_markdown(text: str) -> str:
    """Escape text so that Markdown shows it literally, without links, images, colours or formulas."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
