"""The README's Python runs as it stands, and its tree names what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "['The', 'bank', 'raised', 'rates', '.']"
    layers, tokens, _ = map(int, re.findall(r"\d+", printed[1]))
    assert (layers, tokens) == (3, 5)


@pytest.mark.parametrize("name", re.findall(r"^(?:  )?([\w/]+(?:\.py|/)) ", README, flags=re.MULTILINE))
def test_every_room_is_there(name):
    assert any((ROOT / parent / name).exists() for parent in ("", "elmo_core", "pages"))


def test_every_linked_file_is_there():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
