"""CSV files: unaltered for programs, harmless for spreadsheets, and true in both."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.tables.export import to_csv

CELLS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("for_spreadsheet", [True, False])
def test_cells_come_back(for_spreadsheet: bool):
    rows = [("größer", 1, -2.5, None), ('say "x",\ny', 0, 1e-9, "z")]
    assert read(to_csv(("a", "b", "c", "d"), rows, for_spreadsheet=for_spreadsheet)) == [
        ["a", "b", "c", "d"],
        ["größer", "1", "-2.5", ""],
        ['say "x",\ny', "0", "1e-09", "z"],
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=cmd|' /C calc'!A0",
        '=HYPERLINK("http://x","y")',
        "@SUM(A1)",
        "+SUM(A1)",
        "-2+3+cmd|' /C calc'!A0",
        "@user HYPERLINK(A1)",
        "+'[book.xls]sheet'!$A$1",
        "\t=1",
        "\r=1",
        "\n-1",
        " =1",
        "\uff1d1+1",
        " @SUM(1)",
    ],
)
def test_what_a_spreadsheet_would_run_is_guarded_for_it_alone(cell: str):
    assert read(to_csv((cell,), [(cell,)])) == [[f"'{cell}"], [f"'{cell}"]]
    assert read(to_csv((cell,), [(cell,)], for_spreadsheet=False)) == [[cell], [cell]]


@pytest.mark.parametrize(
    "cell",
    [
        "-1",
        "0",
        "+1",
        "-0.5",
        "+1e-3",
        "-1,5",
        "@user thanks!",
        "@user",
        "@a @b: see you (soon)",
        "- a list",
        "-",
        "+",
        "+pos",
        "-pos",
        "@joy",
        "--",
        "'quoted'",
        ":)",
    ],
)
def test_numbers_labels_and_mentions_are_never_altered(cell: str):
    for for_spreadsheet in (True, False):
        assert read(to_csv((cell,), [(cell,)], for_spreadsheet=for_spreadsheet)) == [[cell], [cell]]


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_the_plain_file_returns_any_cell(rows: list[tuple[str, str]]):
    content = to_csv(("a", "b"), rows, for_spreadsheet=False)
    assert list(csv.reader(io.StringIO(content.decode(), newline="")))[1:] == [list(row) for row in rows]


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_no_number_is_altered(number: float):
    assert read(to_csv(("n",), [(str(number),)])) == [["n"], [str(number)]]


def test_a_broken_character_stops_nothing():
    assert read(to_csv(("a",), [("x\ud800",)])) == [["a"], ["x?"]]
