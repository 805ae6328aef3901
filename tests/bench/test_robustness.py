"""Damaged files are read or refused in one sentence; the long run is `bench.robustness` itself."""

from __future__ import annotations

import random

import pytest

from bench.robustness import __main__ as robustness
from bench.robustness import readers
from bench.robustness.damage import damaged
from bench.robustness.good_files import good_tables


@pytest.mark.parametrize("kind", list(robustness.READERS))
def test_no_damaged_file_shows_a_fault(kind, tmp_path):
    count = robustness.run(kind, 40, seed=11, keep=tmp_path)
    assert not count.faults
    assert count.read + count.refused == 40 and count.refused > 0


def test_damage_is_the_same_for_the_same_seed():
    good = list(good_tables(random.Random(1)))
    files = [[damaged(file, random.Random(2)) for file in good] for _ in range(2)]
    assert files[0] == files[1]


def test_a_line_that_is_neither_read_nor_counted_is_a_fault(tmp_path, monkeypatch):
    """The measurement sees what it is for."""
    whole = readers.read_table

    def lossy(content: bytes, name: str) -> object:
        return whole(b"\n".join(content.split(b"\n")[:3]), name)

    monkeypatch.setattr(readers, "read_table", lossy)
    path = tmp_path / "table.csv"
    path.write_bytes(b"text,label\n" + b"".join(b"text number %d,good\n" % number for number in range(9)))
    with pytest.raises(readers.LostLineError):
        readers.read_a_table(path)
