"""Files of tagged tokens, in all the dialects that turn up."""

from __future__ import annotations

import json
import lzma

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import ElmoError, InputError
from elmo_core.learning.tags.reading import read_token_file, read_token_path
from elmo_core.learning.tags.sentences import (
    TaggedSentences,
    notes_on_test,
    split_sentences,
    tagged_sentences,
)
from tests.conftest import ROOT


def read(text: str | bytes, name: str = "a.conll", **columns) -> TaggedSentences:
    content = text if isinstance(text, bytes) else text.encode()
    return tagged_sentences(read_token_file(content, name), **columns)


def test_conll_2003_with_documents_and_iob1():
    data = read(
        "-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nrejects VBZ I-VP O\n\n"
        "-DOCSTART- -X- O O\n\nPeter NNP I-NP I-PER\nAnn NNP I-NP B-PER\n"
    )
    assert data.tokens == (("EU", "rejects"), ("Peter", "Ann"))
    assert data.tags == (("B-ORG", "O"), ("B-PER", "B-PER"))
    assert (data.scheme, data.lines) == ("IOB1", (3, 8))
    assert "Converted IOB1 to BIO." in data.notes


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("gap", [" ", "\t", "   "])
def test_tabs_blanks_and_line_ends(line_end, gap):
    lines = ["\ufeffParis B-LOC", "is O", "", "", "Ann B-PER", "", ""]
    data = read(line_end.join(line.replace(" ", gap) for line in lines))
    assert data.tokens == (("Paris", "is"), ("Ann",))
    assert data.lines == (1, 5)


def test_tags_that_look_the_same_are_one():
    data = read("Ann\tB-cafe\u0301\nLee\tI-caf\u00e9\nso\tO\nBo\tB-caf\u00e9\u200b\n")
    assert data.tags == (("B-cafe\u0301", "I-cafe\u0301", "O", "B-cafe\u0301"),)
    assert any("look the same" in note for note in data.notes)
    assert read("a\tn\u2019t\nb\tn't\nc\tx\n").tags == (("n\u2019t", "n\u2019t", "x"),)


def test_comments_but_not_the_number_sign():
    data = read("# id = 1\n# text = we are # 1\nwe\tO\nare\tO\n#\tO\n1\tB-RANK\n\n#tag\tB-RANK\n")
    assert data.tokens == (("we", "are", "#", "1"), ("#tag",))
    blanks = read("# newdoc\n# O\nAnn B-PER\n\nso O\n")
    assert blanks.tokens == (("#", "Ann"), ("so",))


def test_bioes_is_converted_and_bad_bio_is_repaired():
    assert read("New B-LOC\nYork E-LOC\nAnn S-PER\nso O\n").tags == (("B-LOC", "I-LOC", "B-PER", "O"),)
    data = read("a B-X\nb I-X\nc O\nd I-X\n\ne O\nf B-Y\ng I-X\n")
    assert data.tags == (("B-X", "I-X", "O", "B-X"), ("O", "B-Y", "B-X"))
    assert any("2 tags" in note for note in data.notes)


def test_language_prefixes_are_taken_off():
    data = read("en:Bob\tB-PER\nen::\tO\n\nen:en:x\tO\n")
    assert data.tokens == (("Bob", ":"), ("en:x",))
    assert read("en:Bob\tB-PER\nran\tO\n").tokens == (("en:Bob", "ran"),)


def test_uneven_lines_are_named():
    file = read_token_file(b"a NN O\nb NN B-X\n\nc NN\nd NN O\n\ne NN O\n", "a.conll")
    assert [(one.line, one.reason) for one in file.skipped] == [(4, "2 cells where the file has 3 columns")]
    assert len(file.sentences) == 2


def test_columns_can_be_chosen():
    text = "Ann NNP B-NP B-PER\nruns VBZ B-VP O\n"
    assert read(text, tag_column="column 2").tags == (("NNP", "VBZ"),)
    assert read(text, tag_column="column 3").label_counts == {"NP": 1, "VP": 1}
    for columns, message in (
        ({"tag_column": "nothing"}, "has no column 'nothing'"),
        ({"tag_column": "token"}, "both 'token'"),
    ):
        with pytest.raises(InputError, match=message):
            read(text, **columns)


def test_conllu_leaves_out_ranges_and_empty_nodes():
    row = "{}\t{}\t_\t{}\t_\t_\t_\t_\t_\t_\n"
    text = "# sent_id = 1\n" + row.format("1-2", "vámonos", "_") + row.format(1, "vamos", "VERB")
    text += row.format(2, "nos", "PRON") + row.format("2.1", "x", "X") + "\n"
    data = read(text, "a.conllu")
    assert (data.tokens, data.tags) == ((("vamos", "nos"),), (("VERB", "PRON"),))
    assert not data.is_spans
    assert any("2 lines" in note for note in data.notes)


def test_spans_by_characters():
    text = (
        '{"text": "Marta Vidal lives in Bergen. So does Bob.", '
        '"entities": [[0, 11, "PER"], [21, 27, "LOC"]]}\n'
        '{"text": "Ann-Marie left.", "spans": [{"start": 0, "end": 3, "label": "PER"}]}\n'
        '{"tokens": ["Bob", "ran"], "tags": ["B-PER", "O"]}\n'
        '{"text": "abc", "spans": [[1, 9, "X"]]}\n'
        '{"text": "New York City", "label": [[0, 8, "A"], [0, 13, "B"]]}\nnot json\n'
    )
    file = read_token_file(text.encode(), "a.jsonl")
    data = tagged_sentences(file)
    assert data.tokens[0] == ("Marta", "Vidal", "lives", "in", "Bergen", ".")
    assert data.tags[0] == ("B-PER", "I-PER", "O", "O", "B-LOC", "O")
    assert data.tokens[2][0] == "Ann"
    assert data.tags[2][0] == "B-PER"
    assert data.tags[-1] == ("B-B", "I-B", "I-B")
    assert [one.line for one in file.skipped] == [4, 6]
    assert any("1 span" in note for note in data.notes)
    assert any("1 token" in note for note in data.notes)


def test_spans_hold_in_a_text_that_tokenisation_levels():
    text = "\u201cAnn\u2019s cafe\u0301\u201d \u2014 New\u00a0York\u2026 She\u200b saw Bob."
    spans = [
        [text.index(word), text.index(word) + len(word), "X"]
        for word in ("Ann", "cafe\u0301", "New\u00a0York", "Bob")
    ]
    data = read(json.dumps([{"text": text, "spans": spans}]), "a.json")
    words = [token for tokens in data.tokens for token in tokens]
    tags = [tag for own in data.tags for tag in own]
    assert words == [
        '"',
        "Ann",
        "'s",
        "caf\u00e9",
        '"',
        "\u2014",
        "New",
        "York",
        "...",
        "She",
        "saw",
        "Bob",
        ".",
    ]
    assert [word for word, tag in zip(words, tags, strict=True) if tag != "O"] == [
        "Ann",
        "caf\u00e9",
        "New",
        "York",
        "Bob",
    ]


def test_a_span_across_two_sentences_joins_them():
    data = read('[{"text": "He met J. Smith. Then left.", "spans": [[7, 21, "X"]]}]', "a.json")
    assert len(data) == 1
    assert sum(tag != "O" for tag in data.tags[0]) >= 3


def test_tables_of_tokens():
    kaggle = "Sentence #,Word,POS,Tag\nSentence: 1,London,NNP,B-geo\n,is,VB,O\n"
    kaggle += "Sentence: 2,Iran,NNP,B-gpe\n,too,RB,O\n"
    data = read(kaggle, "a.csv")
    assert data.tokens == (("London", "is"), ("Iran", "too"))
    assert data.label_counts == {"geo": 1, "gpe": 1}
    blanks = read("token;tag\nAnn;B-PER\nran;O\n\n;;\nso;O\n", "a.csv")
    assert blanks.tokens == (("Ann", "ran"), ("so",))
    rows = read("tokens,tags\nAnn ran,PROPN VERB\nso,ADV\nbad row,X\n", "a.csv")
    assert (rows.tokens, rows.tags) == ((("Ann", "ran"), ("so",)), (("PROPN", "VERB"), ("ADV",)))
    assert read("Paris,U-LOC\nis,O\n\nnice,O\n", "a.txt").tags == (("B-LOC", "O"), ("O",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"%PDF-1.4", "PDF"),
        (b"only one column\nof words here now\nwith many cells\n", "do not agree"),
        (b"Ann\nran\n", "single column"),
        (b"Ann O\nran O\n", "nothing to learn"),
        ("".join(f"w{n} x{n}\n" for n in range(90)).encode(), "holds words, not tags"),
        (b'{"text": 3}\n', "no usable record"),
        (b"[1, 2", "is not JSON"),
    ],
)
def test_unusable_files_get_one_sentence(content, message):
    with pytest.raises(InputError, match=message):
        read(content, "a.txt")


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.conll", "a.jsonl", "a.csv", "a.txt"]))
def test_no_bytes_lead_to_a_traceback(content, name):
    try:
        data = tagged_sentences(read_token_file(content, name))
    except ElmoError as error:
        assert str(error)
    else:
        assert all(len(a) == len(b) for a, b in zip(data.tokens, data.tags, strict=True))


def test_the_bundled_sample():
    train, test = (
        tagged_sentences(read_token_path(ROOT / "data" / "samples" / f"entities.{part}.conll"))
        for part in ("train", "test")
    )
    assert len(train) >= 150
    assert set(train.label_counts) == set(test.label_counts) == {"PER", "ORG", "LOC", "DATE"}
    assert not {" ".join(tokens) for tokens in train.tokens} & {" ".join(tokens) for tokens in test.tokens}
    assert train.scheme == test.scheme == "BIO"
    assert not [note for note in (*train.notes, *test.notes) if "Read" in note]
    starts = {tokens[:3] for tokens in train.tokens}
    assert len(starts) > 0.95 * len(train)


def test_splits_are_seeded_and_whole():
    data = read("".join(f"t{n} {'B-X' if n % 2 else 'O'}\n\n" for n in range(20)))
    train, test = split_sentences(data, 0.2, 3)
    assert (len(train), len(test)) == (16, 4)
    assert sorted(train.lines + test.lines) == list(data.lines)
    assert split_sentences(data, 0.2, 3)[1].tokens == test.tokens
    with pytest.raises(InputError, match="at least two"):
        split_sentences(data.take([0]), 0.2, 0)


def test_public_data(benchmarks_dir):
    folder = benchmarks_dir / "sequence"
    data = tagged_sentences(read_token_path(folder / "wnut17train.conll"))
    assert (len(data), data.scheme, len(data.label_counts)) == (3394, "BIO", 6)
    content = lzma.decompress((folder / "en_ewt-ud-dev.conllu.xz").read_bytes())
    data = read(content, "dev.conllu")
    assert (len(data), data.is_spans, len(data.label_counts)) == (2001, False, 17)


def test_sentences_to_test_on_are_neither_learned_from_nor_tagged_with_something_else():
    learned = read("Ann\tB-PER\nsleeps\tO\n\nBob\tB-PER\nsings\tO\n")
    fresh = read("Eve\tB-PER\nsings\tO\n")
    assert notes_on_test(learned, fresh) == []
    (said,) = notes_on_test(learned, read("Ann\tB-PER\nsleeps\tO\n\nEve\tB-PER\nsings\tO\n"))
    assert said.startswith("1 of the 2 sentences to test on is learned from as well")
    for other, sentence in (
        (
            "Eve\tPROPN\nsings\tVERB\n",
            r"The tags of a\.conll mark spans and those of b\.conll do not; choose",
        ),
        ("Oslo\tB-LOC\nsings\tO\n", r"No tag of b\.conll \(LOC\) is one of a\.conll \(PER\); choose"),
    ):
        with pytest.raises(InputError, match=sentence):
            notes_on_test(learned, read(other, "b.conll"))
