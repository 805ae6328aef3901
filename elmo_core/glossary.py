"""The glossary: every term of the app in plain words, written once in data/glossary.md."""

from __future__ import annotations

from functools import cache

from elmo_core.shipped import shipped

_FILE = "data/glossary.md"


@cache
def terms() -> dict[str, str]:
    """Return the explanation of each term, in the order of the file; each is one paragraph of Markdown."""
    _, *entries = shipped(_FILE).read_text(encoding="utf-8").split("\n## ")
    pairs = (entry.split("\n", 1) for entry in entries)
    return {term.strip(): " ".join(text.split()) for term, text in pairs}


def explain(*names: str) -> str:
    """Return the help text of one or more terms as Markdown, a paragraph each.

    Args:
        names: terms as the glossary spells them.

    Raises:
        KeyError: the glossary has no such term.
    """
    return "\n\n".join(f"**{name}**: {terms()[name]}" for name in names)
