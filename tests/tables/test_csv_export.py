"""CSV files that a spreadsheet opens without running them."""

from __future__ import annotations

import csv
import io

import pytest

from elmo_core.tables.export import to_csv


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_cells_come_back():
    rows = [("größer", 1, -2.5, None), ('say "x",\ny', 0, 1e-9, "z")]
    assert read(to_csv(("a", "b", "c", "d"), rows)) == [
        ["a", "b", "c", "d"],
        ["größer", "1", "-2.5", ""],
        ['say "x",\ny', "0", "1e-09", "z"],
    ]


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1"])
def test_formulas_are_neutralised(cell: str):
    assert read(to_csv((cell,), [(cell,)])) == [[f"'{cell}"], [f"'{cell}"]]
