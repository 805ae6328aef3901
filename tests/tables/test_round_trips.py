"""A table that any program writes, in any dialect, comes back cell by cell."""

from __future__ import annotations

import csv
import io

import openpyxl
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from elmo_core.tables.reading import read_table

WORDS = st.sampled_from(
    [
        "fine",
        "really, so",
        'said "no"',
        "5; or six",
        "a|b",
        "tab\there",
        "line\nend",
        "it's",
        "C:\\dir",
        "größer",
    ]
)
TEXTS = st.lists(WORDS, min_size=2, max_size=5).map(" and ".join)
TABLES = st.lists(
    st.tuples(TEXTS, st.sampled_from(["pos", "neg"]), st.integers(0, 99).map(str)), min_size=12, max_size=20
).filter(lambda rows: {row[1] for row in rows} == {"pos", "neg"})
COLUMNS = ("text", "label", "n")
TITLES = st.lists(st.sampled_from(["Report 2024", "", "Survey of customers"]), max_size=3)
RELAXED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(
    TABLES,
    TITLES,
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_delimited(rows, titles, delimiter, end, quoting, encoding):
    buffer = io.StringIO(newline="")
    buffer.writelines(f"{title}{end}" for title in titles)
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=end, quoting=quoting)
    writer.writerows([COLUMNS, *rows])
    table = read_table(buffer.getvalue().encode(encoding), "a.csv")
    assert table.reading.delimiter == delimiter
    assert table.columns == COLUMNS
    assert table.rows == tuple(rows)
    assert len(table.skipped) == len(titles)
    assert table.reading.header_line == len(titles) + 1


@RELAXED
@given(TABLES, st.sampled_from([",", ";", "\t"]))
@example([("fine and fine", "pos", "0")] * 15 + [("fine and fine", "neg", "0")], ";")
def test_escaped_by_pandas(rows, delimiter):
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame.loc[0, "text"] = 'He said "so", twice'
    content = frame.to_csv(
        index=False, sep=delimiter, doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL
    )
    table = read_table(content.encode(), "a.csv")
    assert table.rows == tuple(frame.itertuples(index=False, name=None))


@settings(RELAXED, max_examples=15)
@given(TABLES, TITLES)
def test_workbook_parquet_and_json(rows, titles):
    frame = pd.DataFrame(rows, columns=COLUMNS)
    book = openpyxl.Workbook()
    for row in [*([title] for title in titles), COLUMNS, *rows]:
        book.active.append(row)
    buffers = [io.BytesIO(), io.BytesIO()]
    book.save(buffers[0])
    frame.to_parquet(buffers[1])
    written = [frame.to_json(orient=one).encode() for one in ("records", "split", "columns", "index")]
    for content in (*(buffer.getvalue() for buffer in buffers), *written):
        table = read_table(content, "a.any")
        assert table.columns == COLUMNS
        assert table.rows == tuple(rows)
