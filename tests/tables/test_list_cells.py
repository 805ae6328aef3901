"""Lists that programs write into the cells of a table."""

from __future__ import annotations

import pytest

from elmo_core.tables.cells import are_structured, list_of


@pytest.mark.parametrize(
    ("cell", "values"),
    [
        ('["a", "b c"]', ("a", "b c")),
        ('[" a", null, 1, 2.0, true]', (" a", "", "1", "2", "true")),
        ("['it\\'s', \"don't\"]", ("it's", "don't")),
        (
            r"['\xa0x', '\u2019', '\U0001f600', 'a\nb', 'C:\\x', '\d']",
            ("\xa0x", "\u2019", "😀", "a\nb", "C:\\x", r"\d"),
        ),
        (r"['\ud83d']", ("\ufffd",)),
        ("['a' 'b'\n 'c']", ("a", "b", "c")),
        ("['a' 'b' ... 'y' 'z']", ("a", "b", "...", "y", "z")),
        ("array(['a', 'b'], dtype=object)", ("a", "b")),
        ("[1 2 3]", ("1", "2", "3")),
        ("[1. 2.5e-3]", ("1.", "2.5e-3")),
        ("[ 1.5\n -2. ]", ("1.5", "-2.")),
        ("[None, 'a']", ("", "a")),
        ("[]", ()),
    ],
)
def test_lists_are_read_whoever_wrote_them(cell: str, values: tuple[str, ...]):
    assert list_of(cell) == list_of(cell, has_words=True) == values


@pytest.mark.parametrize(
    "cell", ["[deleted]", "[see note 2]", "[12-3]", "[Ann, left, Oslo]", "[sic], he wrote [so]"]
)
def test_words_in_brackets_are_a_text_and_no_list_of_a_table(cell: str):
    assert list_of(cell) is None
    assert not are_structured([cell] * 10)


@pytest.mark.parametrize("cell", ["", "a", "[a", "a]", "[[1], [2]]", "{}", "['a' 'b"])
def test_what_is_no_flat_list(cell: str):
    assert list_of(cell) is None


def test_lists_of_words_without_quotation_marks():
    assert list_of("[Ann, don't, B-PER]", has_words=True) == ("Ann", "don't", "B-PER")
