"""Files of annotation tools: texts with spans in all ways of writing and counting them, lists of tags."""

from __future__ import annotations

import io
import json
import zipfile

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.sentences import TokenFile, tagged_sentences
from elmo_core.tables.cells import list_of

TEXT = "Ann Lee left Oslo."
PER, LOC = {"start": 0, "end": 7, "label": "PER"}, {"start": 13, "end": 17, "label": "LOC"}
TOKENS = [
    {"text": word, "start": TEXT.index(word), "end": TEXT.index(word) + len(word), "id": number}
    for number, word in enumerate(["Ann", "Lee", "left", "Oslo", "."])
]


def task(*results: dict, **more) -> dict:
    """A task of Label Studio."""
    return {"id": 1, "data": {"text": TEXT}, "annotations": [{"result": list(results), **more}]}


def region(span: dict) -> dict:
    value = {"start": span["start"], "end": span["end"], "labels": [span["label"]]}
    return {"type": "labels", "value": value | {"text": TEXT[span["start"] : span["end"]]}}


def renamed(span: dict, start: str, end: str, label: str) -> dict:
    return {start: span["start"], end: span["end"], label: span["label"]}


def triples(*spans: dict) -> list:
    return [[span["start"], span["end"], span["label"]] for span in spans]


ONE = {
    "Prodigy": {"text": TEXT, "tokens": TOKENS, "spans": [PER, LOC], "answer": "accept"},
    "Prodigy, by tokens": {
        "text": TEXT, "tokens": TOKENS,
        "spans": [{"token_start": 0, "token_end": 1, "label": "PER"},
                  {"token_start": 3, "token_end": 3, "label": "LOC"}],
    },
    "spaCy's Doc.to_json": {"text": TEXT, "ents": [PER, LOC], "tokens": [{"id": 0, "start": 0, "end": 3}]},
    "spaCy pairs": [TEXT, {"entities": triples(PER, LOC)}],
    "a pair with the spans alone": [TEXT, triples(PER, LOC)],
    "doccano, data and label": {"id": 3, "data": TEXT, "label": triples(PER, LOC)},
    "doccano, text and labels": {"text": TEXT, "labels": triples(PER, LOC)},
    "doccano, entities and relations": {
        "text": TEXT, "entities": [renamed(one, "start_offset", "end_offset", "label") for one in (PER, LOC)],
        "relations": [{"from_id": 0, "to_id": 1, "type": "left"}],
    },
    "begin and end": {"text": TEXT, "entities": [renamed(one, "begin", "end", "type") for one in (PER, LOC)]},
    "floats and strings": {"text": TEXT, "spans": [[0.0, 7.0, "PER"], ["13", "17", "LOC"]]},
    "Label Studio": task(region(PER), region(LOC), {"type": "relation", "from_id": "a", "to_id": "b"}),
    "Label Studio, JSON_MIN": {
        "id": 1, "text": TEXT, "annotator": 1, "label": [region(one)["value"] for one in (PER, LOC)],
    },
    "Label Studio, another name of the column": {
        "review": TEXT, "ner": [region(one)["value"] for one in (PER, LOC)],
    },
    "Dataturks, ends included": {
        "content": TEXT,
        "annotation": [{"label": [one["label"]], "points": [
            {"start": one["start"], "end": one["end"] - 1, "text": TEXT[one["start"] : one["end"]]}]}
            for one in (PER, LOC)],
    },
    "pipeline of transformers": {
        "text": TEXT,
        "entities": [{"entity_group": "PER", "start": 0, "end": 7, "word": "Ann Lee", "score": 0.9}, LOC],
    },
    "tokens and tags": {
        "tokens": ["Ann", "Lee", "left", "Oslo", "."], "tags": ["B-PER", "I-PER", "O", "B-LOC", "O"],
    },
    "tokens and spans of tokens": {
        "tokens": ["Ann", "Lee", "left", "Oslo", "."],
        "entities": [{"type": "PER", "start": 0, "end": 2}, {"type": "LOC", "start": 3, "end": 4}],
    },
    "pairs": [["Ann", "B-PER"], ["Lee", "I-PER"], ["left", "O"], ["Oslo", "B-LOC"], [".", "O"]],
}  # fmt: skip


def read(*records, layout: str = "lines") -> TokenFile:
    if layout == "lines":
        return read_token_file("\n".join(map(json.dumps, records)).encode(), "a.jsonl")
    value = {"data": list(records)} if layout == "inside" else list(records)
    return read_token_file(json.dumps(value, indent=2).encode(), "a.json")


@pytest.mark.parametrize("layout", ["lines", "list", "inside"])
@pytest.mark.parametrize("record", ONE.values(), ids=ONE)
def test_records_of_annotation_tools(record, layout):
    file = read(record, record, layout=layout)
    data = tagged_sentences(file)
    assert data.tokens == (("Ann", "Lee", "left", "Oslo", "."),) * 2
    assert data.tags == (("B-PER", "I-PER", "O", "B-LOC", "O"),) * 2
    assert not file.skipped


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"text": TEXT, "spans": [PER], "answer": "reject"}, "answered with 'reject'"),
        ({"text": TEXT, "spans": [PER], "answer": "ignore"}, "answered with 'ignore'"),
        ({"id": 1, "data": {"text": TEXT}, "annotations": []}, "not annotated yet"),
        (task(region(PER), was_cancelled=True), "skipped by its annotator"),
        ({"text": TEXT, "spans": [[0, 99, "PER"]]}, "from 0 to 99 in a text of 18"),
        ({"text": TEXT, "spans": [[5, 5, "PER"]]}, "from 5 to 5"),
        ({"text": TEXT, "spans": [[0, 7, 3]]}, "label is a number"),
        ({"text": TEXT, "spans": [[0, 7]]}, "neither [start, end, label]"),
        ({"text": TEXT, "spans": [PER | {"text": "Oslo"}]}, "'Ann Lee' there, but 'Oslo' by its own text"),
        ({"tokens": ["a", "b"], "ner_tags": [0, 1]}, "numbers without names"),
        ({"tokens": ["a", "b"], "tags": ["O"]}, "2 tokens but 1 tag"),
        ({"tokens": ["a"], "spans": [[0, 3, "X"]]}, "token 0 to 3 of 1 token"),
        ({"name": "a"}, "neither"),
        ([1, 2, 3], "not a JSON object"),
    ],
)
def test_what_cannot_be_learned_from_is_left_out_with_its_line(record, reason):
    file = read(ONE["Prodigy"], record)
    assert [(one.line, reason in one.reason) for one in file.skipped] == [(2, True)], file.skipped
    assert len(file.sentences) == 1
    with pytest.raises(InputError, match="no usable record"):
        read(record)


EMOJI = "\U0001f600 Zoë\r\nand Ann met in \U0001f5fc Oslo."
WAYS = {
    "UTF-16 units": lambda text: len(text.encode("utf-16-le")) // 2,
    "bytes of UTF-8": lambda text: len(text.encode()),
    "each line end as one": lambda text: len(text.replace("\r\n", "\n")),
    "": len,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("is_last", [False, True])
def test_offsets_are_mended_where_the_spans_own_texts_explain_them(way, is_last):
    def offsets(text: str, word: str) -> dict:
        at = text.index(word)
        start, end = (WAYS[way](text[:place]) for place in (at, at + len(word)))
        return {"start": start, "end": end - is_last, "label": "X", "text": word}

    records = [
        {"text": text, "spans": [offsets(text, "Ann"), offsets(text, "Oslo")]}
        for text in (EMOJI, EMOJI.replace("Oslo", "Rome, Oslo"), "Ann likes Oslo")
    ]
    file = read(*records)
    data = tagged_sentences(file)
    words = [
        [" ".join(tokens[s.start : s.end]) for s in data.spans(row)] for row, tokens in enumerate(data.tokens)
    ]
    assert [word for own in words for word in own] == ["Ann", "Oslo"] * 3
    assert any(way in note for note in file.notes if "Offsets count" in note) == bool(way or is_last)
    bad = {"text": EMOJI, "spans": [{"start": 1, "end": 4, "label": "X", "text": "Oslo"}]}
    assert [one.line for one in read(*records, bad).skipped] == [4]


def test_offsets_without_texts_that_cut_words_are_said():
    start = len(EMOJI[: EMOJI.index("Oslo")].encode("utf-16-le")) // 2
    file = read({"text": f"{EMOJI} So it was.", "spans": [[start, start + 4, "LOC"]]})
    said = " ".join(file.notes)
    assert "1 span would cut words" in said
    assert "as UTF-16 units none would" in said


@pytest.mark.parametrize(
    ("text", "spans", "tokens", "tags", "note"),
    [
        ("in Bergen now", [[3, 7, "LOC"]], "in|Bergen|now", "O B-LOC O", "Extended 1 span"),
        ("Ann-Marie left", [[0, 3, "PER"]], "Ann|-Marie|left", "B-PER O O", "Divided 1 token"),
        ("5mg daily", [[0, 1, "DOSE"]], "5|mg|daily", "B-DOSE O O", "Divided 1 token"),
        ("东京很大", [[0, 2, "LOC"]], "东|京|很|大", "B-LOC I-LOC O O", ""),
        (
            "New York City",
            [[0, 8, "A"], [0, 13, "B"]],
            "New|York|City",
            "B-B I-B I-B",
            "1 span inside or across",
        ),
        (
            "New York City",
            [[0, 8, "A"], [4, 13, "B"]],
            "New|York|City",
            "O B-B I-B",
            "1 span inside or across",
        ),
        ("a b c", [[0, 2, "X"]], "a|b|c", "B-X O O", ""),
        ("Ann\u2019s don\u2019t", [[0, 3, "PER"]], "Ann|'s|don|'t", "B-PER O O O", ""),
    ],
)
def test_spans_beside_tokens_and_beside_each_other(text, spans, tokens, tags, note):
    file = read({"text": text, "spans": spans})
    data = tagged_sentences(file)
    assert "|".join(data.tokens[0]) == tokens
    assert " ".join(data.tags[0]) == tags
    assert any(note in one for one in file.notes) or not note


def test_what_tags_cannot_say_is_counted():
    pieces = {"label": "X", "offsets": [[0, 3], [8, 12]]}
    records = [
        {"text": TEXT, "spans": [PER, pieces], "relations": [{"head": 0, "child": 1}]},
        {"text": TEXT, "spans": [{"start": 13, "end": 17, "labels": ["LOC", "CITY"]}]},
        {"text": TEXT},
        task(region(PER)) | {"annotations": [{"result": [region(PER)]}, {"result": []}]},
    ]
    said = " ".join(read(*records).notes)
    for part in (
        "1 span of several pieces", "1 annotation other than spans", "1 label of spans that have several",
        "1 record without any spans", "1 annotation of further annotators",
    ):  # fmt: skip
        assert part in said, said


def test_a_file_cut_in_the_middle():
    for content in (b'[{"text": "a b", "spans": [', b'{"text": "a b", '):
        with pytest.raises(InputError, match=r"a\.json .*not JSON"):
            read_token_file(content, "a.json")


def parquet(names: list[str] | None) -> bytes:
    table = pyarrow.table(
        {"id": ["0", "1"], "tokens": [["Ann", "ran"], ["so", "it's"]], "ner_tags": [[1, 0], [0, 0]]}
    )
    if names:
        feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
        info = {"info": {"features": {"ner_tags": feature, "tokens": {"feature": {"dtype": "string"}}}}}
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


def test_lists_in_parquet_with_and_without_names():
    data = tagged_sentences(read_token_file(parquet(["O", "B-PER"]), "a.parquet"))
    assert data.tokens == (("Ann", "ran"), ("so", "it's"))
    assert data.tags == (("B-PER", "O"), ("O", "O"))
    with pytest.raises(InputError, match=r"column 'ner_tags' are numbers.*names"):
        read_token_file(parquet(None), "a.parquet")


def test_lists_in_csv_however_they_were_written():
    lines = [
        "tokens,ner_tags",
        '''"['Ann', ""it's""]","['B-PER', 'O']"''',
        '''"['Ann' 'ran']","['B-PER' 'O']"''',
        '"[""Ann"", ""ran, fast""]","[""B-PER"", ""O""]"',
        """"['Ann', 'ran']","['O']\"""",
    ]
    file = read_token_file("\n".join(lines).encode(), "a.csv")
    assert file.column(file.token_column) == [("Ann", "it's"), ("Ann", "ran"), ("Ann", "ran, fast")]
    assert file.column(file.tag_column) == [("B-PER", "O")] * 3
    assert [(one.line, one.reason) for one in file.skipped] == [(5, "2 tokens but 1 tag")]


def test_annotations_of_brat():
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a/1.txt", TEXT)
        archive.writestr("a/1.ann", "T1\tPER 0 7\tAnn Lee\nT2\tLOC 13 17\tOslo\nR1\tleft Arg1:T1 Arg2:T2\n")
        archive.writestr("a/2.txt", "\U0001f600 Ann or\nLee left")
        archive.writestr("a/2.ann", "T1\tPER 2 5\tAnn\nT2\tPER 2 5;9 12\tAnn Lee\n#1\tnote T1\tx\n")
        archive.writestr("a/3.ann", "T1\tPER 0 3\tAnn\n")
    file = read_token_file(sink.getvalue(), "brat.zip")
    data = tagged_sentences(file)
    assert data.tags == (("B-PER", "I-PER", "O", "B-LOC", "O"), ("O", "B-PER", "O"), ("O", "O"))
    assert [(one.line, "no text a/3.txt" in one.reason) for one in file.skipped] == [(3, True)]
    said = " ".join(file.notes)
    assert "1 span of several pieces" in said
    assert "1 annotation other than spans" in said


ITEMS = st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=5), max_size=5)


@settings(deadline=None)
@given(ITEMS)
def test_lists_come_back_from_json_and_python(items):
    assert list_of(json.dumps(items), has_words=True) == tuple(items)
    assert list_of(repr(items), has_words=True) == tuple(items)


WORDS = st.text(st.characters(categories=["Lu", "Ll"], max_codepoint=0x17F), min_size=1, max_size=5)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(WORDS, st.sampled_from(["", "PER", "LOC"])), min_size=1, max_size=8),
    st.sampled_from(sorted(WAYS)),
)
def test_spans_come_back_whatever_offsets_count(words, way):
    words = [("\U0001f600", ""), ("Ann", "PER"), *words]
    text, spans = "", []
    for word, label in words:
        if label:
            start = WAYS[way](text)
            spans.append({"start": start, "end": start + WAYS[way](word), "label": label, "text": word})
        text += f"{word} "
    data = tagged_sentences(read({"text": text, "spans": spans}, ONE["Prodigy"]))
    found = [
        " ".join(tokens[s.start : s.end])
        for row, tokens in enumerate(data.tokens[:-1])
        for s in data.spans(row)
    ]
    assert found == [span["text"] for span in spans]
