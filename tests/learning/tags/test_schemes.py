"""Tags in every notation and scheme: what they are taken for, and that nothing is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.notation import Notation
from elmo_core.learning.tags.schemes import Span, as_scheme, normalise, spans_of

LETTERS = {
    "BIO": "BIIB",  # of a span's first, inner, last and only token
    "IOBES": "BIES",
    "BILOU": "BILU",
    "BMES": "BMES",
    "BMEWO": "BMEW",
    "IOE2": "IIEE",
}
SPELLINGS = {
    "B-PER": "{letter}-{label}",
    "B_PER": "{letter}_{label}",
    "B.PER": "{letter}.{label}",
    "B:PER": "{letter}:{label}",
    "B/PER": "{letter}/{label}",
    "PER-B": "{label}-{letter}",
    "PER_B": "{label}_{letter}",
    "PER.B": "{label}.{letter}",
}


def written(spans: list[Span], n: int, letters: str, spelling: str, outside: str = "O") -> list[str]:
    """Spans in a scheme and a spelling, by a writer that shares nothing with the reader."""
    first, inner, last, only = letters
    tags = [outside] * n
    for span in spans:
        for at in range(span.start, span.end):
            letter = inner
            if at == span.start:
                letter = only if at == span.end - 1 else first
            elif at == span.end - 1:
                letter = last
            tags[at] = spelling.format(letter=letter, label=span.label)
    return tags


def drawn_spans(draw: st.DrawFn, labels: list[str]) -> tuple[list[Span], int]:
    n, spans, at = draw(st.integers(2, 12)), [], 0
    while at < n:
        length = draw(st.integers(0, min(4, n - at)))
        if length:
            spans.append(Span(at, at + length, draw(st.sampled_from(labels))))
        at += max(1, length)
    return spans, n


@st.composite
def files(draw):
    """Three sentences, with a fixed one that shows all letters."""
    known = [Span(0, 3, "PER"), Span(4, 5, "LOC"), Span(6, 8, "LOC")], 9
    return [known, drawn_spans(draw, ["PER", "LOC", "B-x", "I_y"]), drawn_spans(draw, ["PER", "LOC"])]


@settings(deadline=None)
@given(files(), st.sampled_from(sorted(LETTERS)), st.sampled_from(sorted(SPELLINGS)), st.booleans())
def test_spans_come_back_from_every_scheme_in_every_spelling(file, scheme, spelling, is_lower):
    letters, outside = LETTERS[scheme], "O"
    if is_lower:
        letters, outside = letters.lower(), "o"
    rows = [written(spans, n, letters, SPELLINGS[spelling], outside) for spans, n in file]
    found = normalise(rows)
    assert [spans_of(tags) for tags in found.tags] == [spans for spans, _ in file]
    assert (found.scheme, found.n_repaired, found.odd) == (
        {"BIO": "BIO", "IOE2": "IOE2"}.get(scheme, "BIOES"),
        0,
        (),
    )
    assert found.notation.example.upper() == spelling


@settings(deadline=None)
@given(files(), st.sampled_from(sorted(LETTERS)))
def test_letters_alone_are_spans_of_one_type_without_a_name(file, scheme):
    rows = [written(spans, n, LETTERS[scheme], "{letter}") for spans, n in file]
    wanted = [[Span(span.start, span.end, "") for span in spans] for spans, _ in file]
    assert [spans_of(tags) for tags in normalise(rows).tags] == wanted


FIFTY = [["B-LOC", "I-LOC", "O", "B-PER", "O"]] * 50


@pytest.mark.parametrize(
    ("rows", "scheme", "n_repaired", "labels"),
    [
        ([["B", "I", "O"]], "BIO", 0, {""}),
        ([["B", "M", "E", "S"]], "BIOES", 0, {""}),
        ([["I", "I", "O", "I", "B"]], "IOB1", 0, {""}),
        ([["b-per", "i-per", "o"]], "BIO", 0, {"per"}),
        ([["B_geo", "I_geo", "O"]], "BIO", 0, {"geo"}),
        ([["PER-S", "O", "LOC-B", "LOC-E"]], "BIOES", 0, {"PER", "LOC"}),
        ([["B-MISC-x", "I-MISC-x", "O"]], "BIO", 0, {"MISC-x"}),
        ([*FIFTY, ["S-LOC", "O"]], "BIO", 1, {"LOC", "PER"}),
        ([*FIFTY, ["B-LOC", "E-LOC"]], "BIO", 1, {"LOC", "PER"}),
        ([*FIFTY, ["B_LOC", "O"]], "BIO", 1, {"LOC", "PER"}),
        ([*FIFTY, ["LOC", "O"]], "BIO", 1, {"LOC", "PER"}),
        ([*FIFTY, ["I-LOC", "O"]], "BIO", 1, {"LOC", "PER"}),
        ([*[["S-LOC", "O", "B-LOC", "E-LOC"]] * 9, ["I-LOC"]], "BIOES", 2, {"LOC"}),
        ([*FIFTY, ["B-LOC", "0"]], "BIO", 1, {"LOC", "PER"}),
        ([["B-X", "I-X", "_", "_"]], "BIO", 0, {"X"}),
        ([["B-X", "I-X", "OTHER"]], "BIO", 0, {"X"}),
        ([["E", "S", "E", "S"]], "plain", 0, {"E", "S"}),  # English and Spanish, not ends and singles
        ([["E", "S", "O", "O", "O"]], "IO", 0, {"E", "S"}),
        ([["NN.S", "VB.P", "DT.S"]], "plain", 0, {"NN.S", "VB.P", "DT.S"}),
        ([["NOUN", "I-x", "VERB"]], "plain", 0, {"NOUN", "I-x", "VERB"}),
        ([["N", "V", "D", "I"]], "plain", 0, {"N", "V", "D", "I"}),
        ([["O", "O"], ["O"]], "IO", 0, set()),
    ],
)
def test_what_tags_are_taken_for(rows, scheme, n_repaired, labels):
    found = normalise(rows)
    assert (found.scheme, found.n_repaired) == (scheme, n_repaired)
    if scheme == "plain":
        assert {tag for row in found.tags for tag in row} == labels
    else:
        assert {span.label for row in found.tags for span in spans_of(row)} == labels


def test_an_odd_tag_is_read_as_what_it_says():
    found = normalise([*FIFTY, ["S-LOC", "S-LOC", "LOC_B", "PERS"]])
    assert spans_of(found.tags[-1]) == [
        Span(0, 1, "LOC"),
        Span(1, 2, "LOC"),
        Span(2, 3, "LOC"),
        Span(3, 4, "PERS"),
    ]
    assert found.odd == ("LOC_B", "PERS")


def test_a_given_scheme_is_obeyed():
    rows = [["B-X", "I-X", "O", "X"]]
    assert normalise(rows, "plain").tags == tuple(map(tuple, rows))
    assert normalise([["X", "X", "Y", "Y"]], "IO").tags == (("B-X", "I-X", "B-Y", "I-Y"),)
    assert normalise([["B-X", "B-X", "O"]], "IO").tags == (("B-X", "I-X", "O"),)
    assert normalise([["O", "O"]], "BIO").tags == (("O", "O"),)
    with pytest.raises(InputError, match="no letter"):
        normalise([["NOUN", "VERB"]], "BIO")
    assert [as_scheme(name) for name in ("bio", "IOB2", "bilou", "BMES", "Plain")] == [
        "BIO", "BIO", "BIOES", "BIOES", "plain",
    ]  # fmt: skip
    with pytest.raises(InputError, match="There is no scheme 'IOBX'"):
        as_scheme("IOBX")


def test_a_tag_is_divided_at_the_first_or_last_separator():
    assert Notation("-").read("B-a-b") == ("B", "a-b")
    assert Notation("-", letter_first=False).read("a-b-B") == ("B", "a-b")
    assert Notation("-").read("B-") is None
