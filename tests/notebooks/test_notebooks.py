"""Every notebook runs from top to bottom on a kernel of its own and shows what its kept outputs show."""

from __future__ import annotations

import os
import re
from difflib import SequenceMatcher
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
FIGURE = "application/vnd.plotly.v1+json"
ALIKE = 0.85
"""Least share of equal words in a text, numbers left out: another processor may tie other words."""
HOW = "the kept outputs are of other code: run `make notebooks`"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("default")  # those of the kernel's client are not ours
def test_a_notebook_shows_what_it_keeps(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    kept, ran = (nbformat.read(path, as_version=4) for _ in range(2))
    NotebookClient(ran, timeout=240, resources={"metadata": {"path": str(path.parent)}}).execute()
    shown = [output for cell in ran.cells for output in cell.get("outputs", ())]
    assert any(FIGURE in output.get("data", {}) for output in shown)
    errors = [output.text for output in shown if output.output_type == "stream" and output.name == "stderr"]
    assert not any("Warning" in text for text in errors), errors
    for before, now in zip(kept.cells, ran.cells, strict=True):
        assert kinds(before) == kinds(now), f"{HOW}\n{now.source}"
        words, words_now = (re.findall(r"[^\W\d_]+", text(cell)) for cell in (before, now))
        alike = SequenceMatcher(None, words, words_now, autojunk=False).ratio()
        assert alike >= ALIKE, f"{HOW}\n{now.source}\n{text(before)}\n{text(now)}"


def kinds(cell: NotebookNode) -> list[str]:
    """What a cell shows in turn: figures, and text, however many pieces it comes in."""
    shown = ["figure" if FIGURE in output.get("data", {}) else "text" for output in cell.get("outputs", ())]
    return [
        kind
        for kind, before in zip(shown, [None, *shown], strict=False)
        if kind == "figure" or kind != before
    ]


def text(cell: NotebookNode) -> str:
    """All text that a cell shows."""
    parts = [
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell.get("outputs", ())
    ]
    return "\n".join(parts)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_is_small_and_says_what_to_try_next(path: Path):
    notebook = nbformat.read(path, as_version=4)
    assert path.stat().st_size < 1_000_000
    assert notebook.cells[-1].source.startswith("## What to try next")
    assert "sys.path" not in "".join(cell.source for cell in notebook.cells)
