"""Files of annotation tools: WebAnno TSV, tables with spans or lists in their cells."""

from __future__ import annotations

import json

import pytest

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.sentences import tagged_sentences

NER = "#T_SP=de.ner.type.NamedEntity|identifier|value\n"
POS = "#T_SP=de.pos.type.POS|PosValue|coarseValue\n"
HEAD = "#FORMAT=WebAnno TSV 3.3\n"
WORDS = ["1-1\t0-3\tAnn", "1-2\t4-7\tLee", "1-3\t8-12\tleft", "1-4\t13-17\tOslo", "1-5\t17-18\t."]
TOKENS = ("Ann", "Lee", "left", "Oslo", ".")


def webanno(layers: str, *cells: str) -> bytes:
    rows = [f"{word}\t{own}\t" for word, own in zip(WORDS, cells, strict=True)]
    return "\n".join([HEAD + layers, "", "#Text=Ann Lee left Oslo.", *rows, ""]).encode()


@pytest.mark.parametrize(
    ("layers", "cells", "tags"),
    [
        (NER, ["*[1]\tPER[1]", "*[1]\tPER[1]", "_\t_", "*\tLOC", "_\t_"], "B-PER I-PER O B-LOC O"),
        (NER, ["*\tPER", "*\tPER", "_\t_", "_\t_", "_\t_"], "B-PER B-PER O O O"),
        (NER, ["*\tA[1]", "*\tA[1]", "*\tA[2]", "*\tA[2]", "_\t_"], "B-A I-A B-A I-A O"),
        (NER, ["*[1]\tPER[1]|ORG[2]", "*[1]\tPER[1]", "_\t_", "*\t*", "_\t_"], "B-PER I-PER O O O"),
        (NER, ["Q1[1]\t*[1]", "Q1[1]\t*[1]", "_\t_", "_\t_", "_\t_"], "B-Q1 I-Q1 O O O"),
        (NER, ["*\tA\\_B", "_\t_", "_\t_", "_\t_", "_\t_"], "B-A_B O O O O"),
        (POS, ["NNP\tN", "NNP\tN", "VBD\tV", "NNP\tN", ".\tP"], "N N V N P"),
        (POS + NER, ["N\t*\t*\tA", "N\t*\t_\t_", "V\t*\t_\t_", "N\t*\t_\t_", ".\t*\t_\t_"], "B-A O O O O"),
    ],
)  # fmt: skip
def test_webanno(layers: str, cells: list[str], tags: str):
    file = read_token_file(webanno(layers, *cells), "a.tsv")
    data = tagged_sentences(file)
    assert (file.kind, data.tokens, data.tags) == ("WebAnno TSV", (TOKENS,), (tuple(tags.split()),))
    assert not file.skipped


def test_webanno_says_what_it_leaves_out():
    content = webanno(NER, "*\tPER|ORG", "_\t_", "_\t_", "_\t_", "_\t_").decode()
    content = content.replace("1-2\t", "1-1.1\t0-1\tA\t_\t_\t\n1-2\t") + "\nbroken line\n"
    file = read_token_file(content.encode(), "a.tsv")
    assert "1 line of parts of tokens" in " ".join(file.notes)
    assert "first of several values in 1 cell" in " ".join(file.notes)
    assert [one.reason for one in file.skipped] == ["no token with 5 cells"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEAD.replace("3.3", "2.0") + "1-1\tAnn\tO\n", "of an old version; export it as WebAnno TSV 3"),
        (webanno(NER, *["_\t_"] * 5).decode(), "no layer of spans with values"),
        (webanno("#T_RL=dep|x|BT_y\n", *["_\t_"] * 5).decode(), "no layer of spans with values"),
    ],
)
def test_webanno_without_spans_is_explained(content: str, message: str):
    with pytest.raises(InputError, match=message):
        read_token_file(content.encode(), "a.tsv")


SPANS = [
    {"start": 0, "end": 7, "text": "Ann Lee", "labels": ["PER"]},
    {"start": 13, "end": 17, "text": "Oslo", "labels": ["LOC"]},
]
CELL = '"' + json.dumps(SPANS).replace('"', '""') + '"'


@pytest.mark.parametrize("mark", [",", "\t", ";"])
@pytest.mark.parametrize("column", ["label", "ner", "Spans of a person"])
def test_tables_of_texts_with_spans(mark: str, column: str):
    rows = [
        ["id", "text", column, "annotator"],
        ["1", "Ann Lee left Oslo.", CELL, "7"],
        ["2", "It rained.", "", "7"],
    ]
    rows.append(["3", "Bob ran.", '"[{""start"": 0, ""end"": 90, ""labels"": [""PER""]}]"', "7"])
    name = "a.tsv" if mark == "\t" else "a.csv"
    file = read_token_file("\n".join(map(mark.join, rows)).encode(), name)
    data = tagged_sentences(file)
    assert data.tokens == (TOKENS, ("It", "rained", "."))
    assert data.tags == (("B-PER", "I-PER", "O", "B-LOC", "O"), ("O", "O", "O"))
    assert [one.line for one in file.skipped] == [4]


@pytest.mark.parametrize(
    "lines",
    [
        [
            "Sentence #,Sentence,POS,Tag",
            "Sentence: 1,Ann left Oslo,\"['NNP', 'VBD', 'NNP']\",\"['B-per', 'O', 'B-geo']\"",
            "Sentence: 2,Bob ran,\"['NNP', 'VBD']\",\"['B-per', 'O']\"",
        ],
        ["text,labels", "Ann left Oslo,B-per O B-geo", "Bob ran,B-per O"],
        ["id,words,tag", "1,Ann left Oslo,B-per O B-geo", "2,Bob ran,B-per O"],
        ["tags,sentence", "\"['B-per', 'O', 'B-geo']\",Ann left Oslo", "\"['B-per', 'O']\",Bob ran"],
        ["tokens,tags", "Ann left Oslo,B-per O B-geo", "Bob ran,B-per O"],
        ["words,bio", '"[Ann, left, Oslo]","[B-per, O, B-geo]"', '"[Bob, ran]","[B-per, O]"'],
    ],
)
def test_a_sentence_a_row_whichever_cells_are_lists(lines: list[str]):
    data = tagged_sentences(read_token_file("\n".join(lines).encode(), "a.csv"))
    assert data.tokens == (("Ann", "left", "Oslo"), ("Bob", "ran"))
    assert data.tags == (("B-per", "O", "B-geo"), ("B-per", "O"))


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        (['"""Hi"""\tO', "Ann\tB-PER"], '"Hi"'),
        (['""""\tO', "Ann\tB-PER"], '"'),
        (['"\tO', "Ann\tB-PER"], '"'),
        (['"Hi"\tO', "Ann\tB-PER"], '"Hi"'),
        (['""""\tO', '"\tO', "Ann\tB-PER"], '""""'),
    ],
)
def test_quotation_marks_between_tabs_are_those_of_a_spreadsheet_or_tokens(lines: list[str], first: str):
    file = read_token_file("\n".join(["word\ttag", *lines, "", "Bob\tB-PER"]).encode(), "a.tsv")
    assert file.column(file.token_column)[0][0] == first
    assert len(file.sentences) == 2


def test_records_deep_in_an_object():
    example = {
        "text": "fly to NYC now",
        "entities": [{"start": 7, "end": 10, "value": "New York City", "entity": "city"}],
    }
    content = json.dumps({"rasa_nlu_data": {"common_examples": [example], "lookup_tables": []}})
    data = tagged_sentences(read_token_file(content.encode(), "a.json"))
    assert data.tags == (("O", "O", "B-city", "O"),)


@pytest.mark.parametrize("row", ["Zürich;B-LOC", "\"['Zürich']\";\"['B-LOC']\""])
def test_a_guessed_encoding_of_a_table_is_said(row: str):
    content = "\n".join(["tokens;ner_tags", row, row]).encode("cp1252")
    assert "Encoding guessed: cp1252." in read_token_file(content, "a.csv").notes


@pytest.mark.parametrize(
    ("lines", "first", "tags"),
    [
        (
            ["The/at cat/nn ran/vbd ./.", "A/at dog/nn sat/vbd ./.", "1\\/2/cd ran/vbd ./."],
            "The",
            "at nn vbd .",
        ),
        (["The_DT cat_NN ran_VBD ._.", "A_DT dog_NN sat_VBD ._."], "The", "DT NN VBD ."),
        (["The|DT cat|NN", "A|DT dog|NN", "Some|DT old|JJ dog|NN"], "The", "DT NN"),
        (["Ann/B-PER Lee/L-PER left/O", "Bob/U-PER Cy/U-PER ran/O it/O"], "Ann", "B-PER I-PER O"),
        (["and/or/CC not/RB so/RB", "both/CC here/RB there/RB"], "and/or", "CC RB RB"),
    ],
)
def test_words_joined_to_their_tags(lines: list[str], first: str, tags: str):
    file = read_token_file("\n".join([*lines, ""]).encode(), "a.txt")
    data = tagged_sentences(file)
    assert (data.tokens[0][0], " ".join(data.tags[0]), len(data.tokens)) == (first, tags, len(lines))
    assert not file.skipped
    assert "divided from its tag" in file.notes[0]


def test_a_word_without_its_tag_is_counted():
    lines = ["The/at cat/nn ran/vbd", "A/at dog/nn sat/vbd", "It/pps is/bez so/rb"] * 3 + [
        "No tag/nn here/rb"
    ]
    file = read_token_file("\n".join(lines).encode(), "a.txt")
    assert (len(file.sentences), [one.line for one in file.skipped]) == (9, [10])


@pytest.mark.parametrize(
    "text", ["He and/or she ran.\nIt is so.\n", "a_b c d_e\nf g_h i j k\n", "Ann ran.\nI sat here.\n"]
)
def test_prose_is_not_divided_into_words_and_tags(text: str):
    with pytest.raises(InputError, match="do not agree on their columns"):
        read_token_file(text.encode(), "a.txt")


_FIRST, _SECOND = ["Ann\tB-PER", "left\tO"], ["<unk>\tO", "Bob\tB-PER"]
VERTICAL = "\n".join(
    ['<doc id="1" title="a b">', "<p>", "<s>", *_FIRST, "</s>", "<s>", *_SECOND, "</s>", "</p>", "</doc>", ""]
)


@pytest.mark.parametrize(
    ("content", "tokens"),
    [
        (VERTICAL, [("Ann", "left"), ("<unk>", "Bob")]),
        ("Ann\u3000B-PER\nleft\u3000O\n\nBob\u3000B-PER\n", [("Ann", "left"), ("Bob",)]),
        ("Ann\u00a0B-PER\nleft\u00a0O\n\nBob\u00a0\u00a0B-PER\n", [("Ann", "left"), ("Bob",)]),
        ("Ann\tB-PER\n\u00a0\tO\n\nBob\tB-PER\n", [("Ann", "\u00a0"), ("Bob",)]),
        ("New\u00a0York B-LOC\nis O\n\nBob B-PER\n", [("New\u00a0York", "is"), ("Bob",)]),
        ("Ann|B-PER\nleft|O\n\nBob|B-PER\nsat|O\n", [("Ann", "left"), ("Bob", "sat")]),
    ],
)
def test_lines_of_structure_and_other_blanks_between_cells(content: str, tokens: list[tuple[str, ...]]):
    file = read_token_file(content.encode(), "a.txt")
    assert file.column(file.token_column) == tokens
    assert not file.skipped


def test_lemmas_are_no_tags():
    words = [f"word{n}s\t{('NNS', 'VBZ')[n % 2]}\tword{n}" for n in range(30)]
    file = read_token_file("\n".join([*words[:15], "", *words[15:]]).encode(), "a.txt")
    assert set(file.column(file.tag_column or "")[0]) == {"NNS", "VBZ"}
