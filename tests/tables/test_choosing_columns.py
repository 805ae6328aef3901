"""Guesses of columns, findings about labels, duplicates, and the samples with their planted faults."""

from __future__ import annotations

from collections import Counter

import pytest

from elmo_core.exceptions import InputError
from elmo_core.learning.texts.dataset import CONTRADICTING, NO_LABEL, NO_TEXT, REPEATED, prepare
from elmo_core.learning.texts.duplicates import find_duplicates, find_near_duplicates
from elmo_core.tables.columns import guess_label_column, guess_text_column
from elmo_core.tables.labels import check_labels
from elmo_core.tables.reading import read_table, read_table_file
from tests.conftest import ROOT

SAMPLES = ROOT / "data" / "samples"


def severities(labels):
    return [finding.severity for finding in check_labels(labels)]


def test_columns_are_guessed_with_reasons():
    rows = "".join(f"{n},what a day number {n} this has been,{n % 2},2024-01-0{n % 9}\n" for n in range(30))
    table = read_table(("id,text,label,day\n" + rows).encode(), "a.csv")
    text = guess_text_column(table)
    assert (text.column, guess_label_column(table, text.column).column) == ("text", "label")
    assert "characters" in text.reason


def test_a_table_of_numbers_has_no_text():
    table = read_table(b"a,b\n1,2\n3,4\n", "a.csv")
    assert guess_text_column(table).column is None


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a"] * 30, "needs at least two classes"),
        ([str(n) for n in range(300)], "looks like an id"),
        (["a"] * 30 + ["b"] * 30 + ["other"], "other has 1 row; at least 2 are needed"),
        ([], "No row has a label"),
    ],
)
def test_labels_that_cannot_be_learned(labels, message):
    findings = check_labels(labels)
    assert message in next(finding.message for finding in findings if finding.severity == "refused")


def test_labels_that_need_care():
    assert severities(["a"] * 50 + ["b"] * 50) == []
    found = check_labels(["a"] * 500 + ["b"] * 25)
    assert "right in 95%" in found[0].message
    assert "spelling alone" in check_labels(["Spam"] * 30 + ["spam"] * 30)[0].message
    assert "fewer than 20" in check_labels(["a"] * 50 + ["b"] * 10)[0].message


def test_duplicates_with_agreeing_and_contradicting_labels():
    texts = ["Good film", "good  FILM ", "bad", "other", "\uff47ood film", "bad"]
    found = find_duplicates(texts, ["p", "p", "n", "p", "p", "p"])
    assert found.kept == (0, 3)
    assert found.repeated == (1, 4)
    assert found.contradicting == ((2, 5),)


def test_near_duplicates_are_found_and_others_are_not():
    base = "The parcel came a day late and one of the four cups inside it was already broken"
    texts = [
        base,
        "Nothing in common with any of those other texts at all",
        f"{base}!",
        base.replace("four", "five"),
    ]
    found = find_near_duplicates(texts, threshold=0.7)
    assert {(pair.first, pair.second) for pair in found.pairs} == {(0, 2), (0, 3), (2, 3)}
    assert found.n_searched == 4
    assert find_near_duplicates(["", "", "!"]).pairs == ()


def test_near_duplicates_keep_to_their_time():
    texts = [f"some text with the number {n} in it" for n in range(5000)]
    assert find_near_duplicates(texts, time_limit_s=0).n_searched < 5000


def test_every_row_is_used_or_counted():
    table = read_table_file(SAMPLES / "messy.csv")
    data = prepare(table, "message", "intent")
    assert len(data.texts) + len(data.dropped) == len(table.rows)
    assert len(table.rows) + len(table.skipped) == 156
    assert data.dropped_counts == {CONTRADICTING: 6, REPEATED: 6, NO_TEXT: 4, NO_LABEL: 3}
    assert len(data.near_duplicates) >= 4
    with pytest.raises(InputError, match="refund has 1 row"):
        data.require_usable()
    mended = prepare(table, "message", "intent", merge={"Complaint": "complaint"}, drop_rare=True)
    mended.require_usable()
    assert set(Counter(mended.labels)) == {"order", "question", "complaint", "praise"}


@pytest.mark.parametrize(("name", "n_classes"), [("reviews", 2), ("topics", 4)])
def test_clean_samples_have_no_findings(name, n_classes):
    table = read_table_file(SAMPLES / f"{name}.csv")
    text = guess_text_column(table).column
    label = guess_label_column(table, text).column
    data = prepare(table, text, label)
    assert not data.dropped
    assert not data.findings
    assert len(set(data.labels)) == n_classes


def test_labels_that_look_the_same_are_one_class_under_its_first_spelling():
    spellings = [
        "cafe\u0301",
        "caf\u00e9",
        "caf\u00e9\u00a0",
        "\ufeffcaf\u00e9",
        "don\u2019t",
        "don't",
        "do\u00adn't",
        "bar",
    ]
    rows = [f"text number {number} of many,{label}" for number, label in enumerate(spellings)]
    table = read_table("\n".join(["text,label", *rows, "no class,\u200b"]).encode(), "a.csv")
    data = prepare(table, "text", "label", merge={"cafe\u0301": "inn"})
    assert data.labels == ("inn",) * 4 + ("don\u2019t",) * 3 + ("bar",)
    assert data.dropped_counts == {NO_LABEL: 1}
    assert any("look the same" in finding.message for finding in data.findings)


def test_one_column_cannot_be_both():
    with pytest.raises(InputError, match="two columns"):
        prepare(read_table(b"text,label\nfine,yes\n", "a.csv"), "text", "text")


def test_a_column_of_texts_that_is_empty_is_named():
    table = read_table(b"text,label\n" + b",good\n,bad\n" * 20, "a.csv")
    found = guess_text_column(table)
    assert (
        found.column is None and found.reason == "text, which is named as texts are, is empty in all 40 rows"
    )


def test_a_second_column_of_labels_with_the_same_name_is_said():
    rows = "".join(f"some words {at},{'ab'[at % 2]},{'xy'[at % 3 == 0]}\n" for at in range(40))
    found = guess_label_column(read_table(f"text,label,label\n{rows}".encode(), "a.csv"), "text")
    assert found.column == "label" and found.warning.startswith("label (2) has the same name in the file")


@pytest.mark.parametrize("labels", [("1", "1.0"), ("5", "05"), ("Good", "good")])
def test_labels_that_mean_the_same_are_said(labels):
    (finding,) = check_labels([*labels, "other"] * 20)
    assert finding.message.startswith(f"The labels {labels[0]}, {labels[1]} differ in spelling alone")


def test_other_labels_are_different():
    assert check_labels(["1", "10", "1e1", "v1"] * 20) == ()
