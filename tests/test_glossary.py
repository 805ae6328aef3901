"""The glossary: its entries, and the terms that pages ask for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from elmo_core.glossary import explain, terms

PAGES = sorted((Path(__file__).resolve().parents[1] / "pages").rglob("*.py"))


def terms_asked_for(path: Path) -> set[str]:
    """Strings that a module hands to `explain` by name."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    names = [call.args for call in calls if isinstance(call.func, ast.Name) and call.func.id == "explain"]
    return {name.value for args in names for name in args if isinstance(name, ast.Constant)}


@pytest.mark.parametrize("term", terms())
def test_an_entry_is_a_few_plain_sentences(term):
    text = terms()[term]
    assert text.endswith(".")
    assert 20 < len(text) < 330, len(text)


def test_an_explanation_names_its_terms():
    first, second = explain("Context", "s_j").split("\n\n")
    assert first.startswith("**Context**: What the forward and the backward direction expect")
    assert second.startswith("**s_j**: ")


def test_an_unknown_term_is_an_error():
    with pytest.raises(KeyError, match="silhuette"):
        explain("silhuette")


def test_pages_ask_for_terms_that_are_there():
    asked = set().union(*map(terms_asked_for, PAGES))
    assert "Trustworthiness" in asked
    assert asked <= set(terms())
