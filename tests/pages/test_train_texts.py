"""How much text there is on the page Train, where only its beginning is counted."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from elmo_core.runs.texts import TextPart
from pages.train import texts


def test_the_rest_of_a_long_text_is_taken_to_be_like_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(texts, "_LOOKED_AT", 1_000)
    lines = "".join(f"Größe {number} über {number * 7919 % 10_007}\n\n" for number in range(5_000))
    plain, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    plain.write_text(lines, "utf-8")
    packed.write_bytes(gzip.compress(lines.encode()))
    for content in (lines, plain, plain.read_bytes(), packed):
        found = texts._counted.__wrapped__("a", (TextPart("a", content),), "en")
        assert found.n_words == pytest.approx(20_000, rel=0.15), content
    assert texts._counted.__wrapped__("a", (TextPart("a", "我喜欢 it.\n"),), "en").n_words == 4
