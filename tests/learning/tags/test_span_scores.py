"""Schemes, spans and their scores, against seqeval (which follows conlleval)."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities

from elmo_core.exceptions import InputError
from elmo_core.learning.inside.span_differences import find_mismatches
from elmo_core.learning.tags.schemes import Span, find_scheme, n_illegal, normalise, spans_of, tags_of
from elmo_core.learning.tags.scores import compare_tags, measure, score_tags
from elmo_core.measuring.intervals import Estimate

TAGS = ["O", *(f"{letter}-{label}" for letter in "BIES" for label in ("PER", "LOC"))]
anything = st.lists(st.sampled_from(TAGS), min_size=1, max_size=12)
in_bio = st.lists(st.sampled_from([tag for tag in TAGS if tag[0] in "OBI"]), min_size=1, max_size=12)


@st.composite
def spans(draw):
    n = draw(st.integers(1, 12))
    found, at = [], 0
    while at < n:
        length = draw(st.integers(0, min(4, n - at)))
        if length:
            found.append(Span(at, at + length, draw(st.sampled_from(["PER", "LOC"]))))
        at += max(length, 1)
    return n, found


@given(anything)
def test_spans_are_those_of_the_fields_scorer(tags):
    assert [(span.label, span.start, span.end - 1) for span in spans_of(tags)] == get_entities(tags)


@given(spans())
def test_spans_survive_each_scheme(case):
    n, found = case
    for scheme in ("BIO", "BIOES"):
        tags = tags_of(found, n, scheme)
        assert spans_of(tags) == found
        assert n_illegal(tags, scheme) == 0


@given(anything)
def test_normalised_tags_are_legal_and_mean_the_same(tags):
    found = normalise([tags], "BIO").tags[0]
    assert n_illegal(found, "BIO") == 0
    assert spans_of(found) == spans_of(tags)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(in_bio, in_bio), min_size=1, max_size=6))
def test_scores_equal_those_of_seqeval(pairs):
    gold, guess = zip(*((a[: len(b)], b[: len(a)]) for a, b in pairs), strict=True)
    found = score_tags(gold, guess, is_spans=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # seqeval says where it divides by zero
        wanted = [f(list(gold), list(guess)) for f in (precision_score, recall_score, f1_score)]
    totals = [(one.n_gold, one.n_predicted) for one in found.labels]
    right = sum(len(set(spans_of(a)) & set(spans_of(b))) for a, b in zip(gold, guess, strict=True))
    n_gold, n_guess = np.sum(totals, axis=0) if totals else (0, 0)
    assert [right / max(n_guess, 1), right / max(n_gold, 1)] == pytest.approx(wanted[:2])
    assert found.value.value == pytest.approx(wanted[2])
    assert measure(gold, guess, is_spans=True) == pytest.approx(wanted[2])
    assert found.value.low <= found.value.value <= found.value.high


def test_accuracy_of_plain_tags():
    gold, guess = [["NOUN", "VERB"], ["NOUN"]], [["NOUN", "NOUN"], ["NOUN"]]
    found = score_tags(gold, guess, is_spans=False)
    assert (found.measure, found.n, found.n_sentences) == ("accuracy", 3, 2)
    assert found.value.value == pytest.approx(2 / 3)
    noun = next(one for one in found.labels if one.label == "NOUN")
    assert (noun.precision.value, noun.recall.value) == (pytest.approx(2 / 3), 1.0)


def test_a_difference_has_the_sign_of_the_better():
    gold = [["B-PER", "O"]] * 60
    good, bad = gold, [["O", "O"]] * 30 + gold[:30]
    found = compare_tags(gold, good, bad, is_spans=True)
    assert isinstance(found.value, Estimate)
    assert 0 < found.value.low <= found.value.value <= found.value.high
    assert found.p_value < 0.01
    assert compare_tags(gold, bad, good, is_spans=True).value.value == -found.value.value
    assert compare_tags(gold, bad, bad, is_spans=True).p_value == 1.0


@pytest.mark.parametrize(("gold", "guess"), [([["O"]], [["O", "O"]]), ([["O"]], []), ([], [])])
def test_unequal_or_empty_sentences_are_refused(gold, guess):
    with pytest.raises(InputError):
        score_tags(gold, guess, is_spans=True)


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ([["NOUN", "VERB"]], "plain"),
        ([["PER", "O", "O", "O"]], "IO"),
        ([["I-PER", "I-PER", "O", "I-LOC", "B-LOC"]], "IOB1"),
        ([["B-PER", "I-PER", "O", "B-LOC"]], "BIO"),
        ([["B-PER", "E-PER", "O", "S-LOC"]], "BIOES"),
        ([["B-PER", "L-PER", "O", "U-LOC"]], "BIOES"),
        ([["B-PER", "I-PER", "O", "I-LOC"]], "BIO"),
    ],
)
def test_schemes_are_found_out(tags, scheme):
    assert find_scheme(tags) == scheme


def test_repairs_are_counted():
    found = normalise([["B-PER", "I-PER", "O", "I-LOC"], ["O", "B-LOC", "I-PER"]])
    assert (found.scheme, found.n_repaired) == ("BIO", 2)
    assert found.tags == (("B-PER", "I-PER", "O", "B-LOC"), ("O", "B-LOC", "B-PER"))


@given(st.lists(st.tuples(in_bio, in_bio), min_size=1, max_size=4))
def test_every_wrong_span_is_in_just_one_difference(pairs):
    gold, guess = zip(*((a[: len(b)], b[: len(a)]) for a, b in pairs), strict=True)
    found = find_mismatches(gold, guess, is_spans=True)
    for number, (true, other) in enumerate(zip(gold, guess, strict=True)):
        own = [one for one in found if one.sentence == number]
        missed, extra = (
            sorted(one for one in side if one)
            for side in ([one.gold for one in own], [one.predicted for one in own])
        )
        assert missed == sorted(set(spans_of(true)) - set(spans_of(other)))
        assert extra == sorted(set(spans_of(other)) - set(spans_of(true)))


def test_kinds_of_differences():
    gold = [["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG", "O", "B-PER", "I-PER"]]
    guess = [["B-PER", "O", "O", "B-ORG", "O", "O", "B-LOC", "O", "B-LOC"]]
    kinds = [one.kind for one in find_mismatches(gold, guess, is_spans=True)]
    assert kinds == ["wrong boundary", "wrong type", "missed", "spurious", "wrong type and boundary"]
    (only,) = find_mismatches([["A", "B"]], [["A", "A"]], is_spans=False)
    assert (only.kind, only.gold, only.predicted) == ("wrong class", Span(1, 2, "B"), Span(1, 2, "A"))
