"""A long measurement that is started again goes on after its last whole row."""

from __future__ import annotations

from bench.kept_rows import KeptRows


def test_a_row_is_found_again(tmp_path):
    path = tmp_path / "rows.csv"
    kept = KeptRows(path, ("name", "words"))
    kept.add({"name": 'a, "quoted"', "words": 300, "score": 1.5})
    again = KeptRows(path, ("name", "words"))
    assert ('a, "quoted"', 300) in again
    assert ('a, "quoted"', 400) not in again
    assert again.rows == [{"name": 'a, "quoted"', "words": "300", "score": "1.5"}]


def test_rows_may_have_columns_of_their_own(tmp_path):
    path = tmp_path / "rows.csv"
    kept = KeptRows(path, ("name",))
    kept.add({"name": "one layer", "layer 1": 1})
    kept.add({"name": "two layers", "layer 1": 2, "layer 2": 3})
    first, second = KeptRows(path, ("name",)).rows
    assert first["layer 2"] == ""
    assert second["layer 2"] == "3"
    assert not list(tmp_path.glob("*.partial"))
