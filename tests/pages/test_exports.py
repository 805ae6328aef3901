"""Files that leave a page."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd

from pages.common.exports import frame_to_csv, frame_to_parquet, literal


def test_csv_neutralises_formulas_and_keeps_numbers():
    frame = pd.DataFrame({"=text": ["=1+1", "plain"], "x": [-1.5, np.nan], "n": np.array([3, 4], np.int32)})
    content = frame_to_csv(frame).decode("utf-8-sig")
    assert content.splitlines() == ["'=text,x,n", "'=1+1,-1.5,3", "plain,,4"]


def test_parquet_round_trip():
    frame = pd.DataFrame({"word": ["bank", "☃"], "x": np.array([0.5, -1], np.float32)})
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(frame_to_parquet(frame))), frame)


def test_literals_are_python():
    assert literal(np.float32(0.5)) == "0.5"
    assert literal('a "quoted" \n word') == "'a \"quoted\" \\n word'"
