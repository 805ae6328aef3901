"""Column files as people have them: the right tokens, the right tags, and a count of what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import InputError
from elmo_core.learning.tags.reading import read_token_file
from elmo_core.learning.tags.sentences import tagged_sentences


@dataclass(frozen=True)
class Case:
    """A file, and what stands in it."""

    content: str
    tokens: list[str]
    """Of each sentence, divided by bars."""
    tags: list[str]
    """In BIO, divided by blanks."""
    name: str = "a.conll"
    skipped: list[tuple[int, str]] = field(default_factory=list)
    """Line, and a part of the reason."""
    notes: list[str] = field(default_factory=list)
    """A part of each note that there must be."""


def ud(*rows: str) -> str:
    """Rows of id, form and part of speech as CoNLL-U."""
    lines = []
    for row in rows:
        number, form, upos = row.split()
        lines.append("\t".join([number, form, form, upos, "_", "_", "0", "dep", "_", "_"]))
    return "\n".join(lines) + "\n\n"


ONTONOTES = """#begin document (bc/x/00/x_0000); part 000
bc/x/00/x_0000   0   0   Ann     NNP  (TOP(S(NP*   -   -   -   Sp1   (PERSON*   (ARG0*   (12
bc/x/00/x_0000   0   1   Lee     NNP         *)    -   -   -   Sp1   *)          *)      12)
bc/x/00/x_0000   0   2   saw     VBD      (VP*     see 01  1   Sp1   *           (V*)    -
bc/x/00/x_0000   0   3   Oslo    NNP      (NP*)))) -   -   -   Sp1   (GPE)       (ARG1*) -

bc/x/00/x_0000   0   0   So      RB   (TOP(FRAG*   -   -   -   Sp1   *           -
bc/x/00/x_0000   0   1   .       .         *))     -   -   -   Sp1   *           -

#end document
"""
CASES = {
    "BioBERT, untyped": Case(
        "Ann\tB\nLee\tI\nvisited\tO\n\nOslo\tB\n.\tO\n", ["Ann|Lee|visited", "Oslo|."], ["B I O", "B O"],
        notes=["all spans are of one"],
    ),
    "word segmentation, BMES": Case(
        "我 S\n喜 B\n欢 E\n上 B\n海 M\n人 E\n", ["我|喜|欢|上|海|人"], ["B B I B I I"],
    ),
    "MIT restaurant, tag first": Case(
        "B-Rating\ttwo\nI-Rating\tstar\nO\tplaces\n\nO\tany\nB-Cuisine\tthai\nO\tfood\nO\there\n",
        ["two|star|places", "any|thai|food|here"], ["B-Rating I-Rating O", "O B-Cuisine O O"], "a.bio",
    ),
    "tag first, divided by blanks": Case(
        "O in\nB-LOC Oslo\n\nO near\nB-LOC Rome\n", ["in|Oslo", "near|Rome"], ["O B-LOC", "O B-LOC"],
    ),
    "CoNLL-2003": Case(
        "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nsays VBZ B-VP O\n\n"
        "-DOCSTART- -X- -X- O\n\nAnn NNP B-NP B-PER\n",
        ["EU|says", "Ann"], ["B-ORG O", "B-PER"],
    ),
    "CoNLL-2000": Case("He PRP B-NP\nreckons VBZ B-VP\nthe DT B-NP\ndeficit NN I-NP\n. . O\n",
        ["He|reckons|the|deficit|."], ["B-NP B-VP B-NP I-NP O"]),
    "CoNLL-2002": Case("Melbourne NP B-LOC\n( Fpa O\nAustralia NP B-LOC\n) Fpt O\n",
        ["Melbourne|(|Australia|)"], ["B-LOC O B-LOC O"]),
    "CoNLL-2009, with predicates": Case(
        "".join("\t".join([str(n), w, w, w, p, p, "_", "_", "0", "0", "x", "x", "_", "_", *more]) + "\n"
            for n, w, p, more in ((1, "Ann", "NNP", ["A0"]), (2, "ran", "VBD", ["_"])))
        + "\n"
        + "".join("\t".join([str(n), w, w, w, p, p, "_", "_", "0", "0", d, d, "_", "_"]) + "\n"
            for n, w, p, d in ((1, "so", "RB", "x"), (2, ".", ".", "y"))),
        ["Ann|ran", "so|."], ["x x", "x y"], notes=["14 to 15 columns"],
    ),
    "CoNLL-2012, brackets": Case(
        ONTONOTES, ["Ann|Lee|saw|Oslo", "So|."], ["B-PERSON I-PERSON O B-GPE", "O O"],
        notes=["12 to 13 columns", "brackets of column 11"],
    ),
    "GermEval, nested": Case(
        "#\tsource [2009-10-17]\n1\tBayern\tB-ORG\tB-LOC\n2\tgewinnt\tO\tO\n\n"
        "1\tMünchen\tB-LOC\tO\n2\truht\tO\tO\n",
        ["Bayern|gewinnt", "München|ruht"], ["B-ORG O", "B-LOC O"],
    ),
    "WNUT, tabs and odd tokens": Case(
        "@paul\tO\nEmpire\tB-location\nState\tI-location\n\n\u200d\tO\n#tag\tO\nESB\tB-location\n",
        ["@paul|Empire|State", "\u200d|#tag|ESB"], ["O B-location I-location", "O O B-location"],
    ),
    "Universal NER": Case(
        "# sent_id = 1\n# text = Ann ran\n1\tAnn\tB-PER\t-\tx\n2\tran\tO\t-\tx\n\n"
        "# sent_id = 2\n1\tso\tO\t-\tx\n",
        ["Ann|ran", "so"], ["B-PER O", "O"], "a.iob2",
    ),
    "i2b2, offsets beside the tokens": Case(
        "chest 0 5 B-problem\npain 6 10 I-problem\nsince 11 16 O\n", ["chest|pain|since"],
        ["B-problem I-problem O"],
    ),
    "a header line": Case(
        "Token\tPOS\tNER\nAnn\tNNP\tB-PER\nran\tVBD\tO\n\nso\tRB\tO\n",
        ["Ann|ran", "so"], ["B-PER O", "O"], "a.tsv",
    ),
    "a header and a column of sentences": Case(
        "sent_id\tword\ttag\n1\tAnn\tB-PER\n1\tran\tO\n2\tso\tO\n",
        ["Ann|ran", "so"], ["B-PER O", "O"], "a.tsv",
        notes=["told apart by column 'sent_id'"],
    ),
    "numbers of sentences without a header": Case(
        "1\tAnn\tB-PER\n1\tran\tO\n2\tBob\tB-PER\n2\tsat\tO\n",
        ["Ann|ran", "Bob|sat"], ["B-PER O", "B-PER O"],
    ),
    "tabs and blanks mixed": Case(
        "Ann\tB-PER\nLee I-PER\nran\tO\n\nso  O\nOslo\tB-LOC\n", ["Ann|Lee|ran", "so|Oslo"],
        ["B-PER I-PER O", "O B-LOC"],
    ),
    "one line with blanks among tabs": Case(
        "Ann\tB-PER\nLee I-PER\nran\tO\nNew York\tB-LOC\n", ["Ann|Lee|ran|New York"], ["B-PER I-PER O B-LOC"],
        notes=["1 line with cells divided unlike"],
    ),
    "tabs to align": Case(
        "Ann\t\tB-PER\nAnnabella\tI-PER\nran\t\tO\n", ["Ann|Annabella|ran"], ["B-PER I-PER O"],
    ),
    "a tab at the end": Case("Ann\tB-PER\t\nran\tO\t\n", ["Ann|ran"], ["B-PER O"]),
    "tokens with no-break spaces": Case(
        "10\u00a0000 B-NUM\n\u00a0 O\nkm O\n", ["10\u00a0000|\u00a0|km"], ["B-NUM O O"],
    ),
    "blank lines with blanks": Case(
        "Ann B-PER\n \t \nran O\n\u00a0\n\ufeff\nso O\n", ["Ann", "ran", "so"], ["B-PER", "O", "O"],
    ),
    "line separators inside a token": Case("a\u2028b\tB-X\nc\x85d\tO\n", ["a\u2028b|c\x85d"], ["B-X O"]),
    "a bracket first": Case("[ O\nAnn B-PER\n] O\n", ["[|Ann|]"], ["O B-PER O"], "a.txt"),
    "old line ends": Case("Ann B-PER\rran O\r\rso O\r", ["Ann|ran", "so"], ["B-PER O", "O"]),
    "comments": Case("# id 7\nAnn\tB-PER\n#\tO\n# two words\nran\tO\n", ["Ann|#|ran"], ["B-PER O O"]),
    "one damaged id in UD": Case(
        ud("1 Ann PROPN", "2 ran VERB") + ud("1 so ADV", "2x it PRON")
        + ud("1-2 im _", "1 in ADP", "2 dem DET"),
        ["Ann|ran", "in|dem"], ["PROPN VERB", "ADP DET"], "a.conllu",
        skipped=[(5, "the id '2x'")], notes=["1 line of ranges"],
    ),
    "a sentence of another width in UD": Case(
        ud("1 Ann PROPN", "2 ran VERB") + "1\tso\tso\tADV\t_\n\n" + ud("1 up ADP"),
        ["Ann|ran", "up"], ["PROPN VERB", "ADP"], "a.conllu", skipped=[(4, "5 cells")],
    ),
    "objects of a token and its tag": Case(
        '[{"sentence": 1, "token": "Ann", "tag": "B-PER"}, {"sentence": 1, "token": "ran", "tag": "O"},\n'
        ' {"sentence": 2, "token": "so", "tag": "O"}]',
        ["Ann|ran", "so"], ["B-PER O", "O"], "a.json",
    ),
    "CoNLL-U Plus": Case(
        "# global.columns = ID FORM UPOS NE\n# text = Ann ran\n1\tAnn\tPROPN\tB-PER\n2\tran\tVERB\tO\n\n"
        "1\tso\tADV\tO\n",
        ["Ann|ran", "so"], ["PROPN VERB", "ADV"], "a.conllup",
    ),
    "CoNLL-U Plus in another order": Case(
        "# global.columns = UPOS LEMMA FORM\nPROPN\tAnn\tAnn\nVERB\trun\tran\nADP\tup\tup\n",
        ["Ann|ran|up"], ["PROPN VERB ADP"], "a.conllup",
    ),
    "a line of another width": Case(
        "a NN O\nb NN B-X\n\nc NN\nd NN O\n\ne NN O\n",
        ["a|b", "e"], ["O B-X", "O"], skipped=[(4, "2 cells")],
    ),
    "a token without a tag": Case(
        "Ann\tB-PER\nran\tO\n\nso\t\nit\tO\n\nup\tO\n", ["Ann|ran", "up"], ["B-PER O", "O"],
        skipped=[(4, "without a tag")],
    ),
    "a bracket without its partner": Case(
        "Ann (PER*\nLee *)\nran *\n\nBob (PER*\nran *\n\nso *\n",
        ["Ann|Lee|ran", "so"], ["B-PER I-PER O", "O"],
        skipped=[(5, "without its partner")],
    ),
    "one S- among B-": Case(
        "Ann B-PER\nran O\n\n" * 9 + "Bob S-PER\nLee B-PER\n", [*["Ann|ran"] * 9, "Bob|Lee"],
        [*["B-PER O"] * 9, "B-PER B-PER"], notes=["1 tag that BIO does not allow"],
    ),
    "semicolons and a first row of names": Case(
        'word;pos;ner\nAnn;NNP;B-PER\n";";:;O\n\nran;VBD;O\n', ["Ann|;", "ran"], ["B-PER O", "O"], "a.csv",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_files_of_real_life(case):
    file = read_token_file(case.content.encode(), case.name)
    data = tagged_sentences(file)
    assert ["|".join(own) for own in data.tokens] == case.tokens
    assert [" ".join(own) for own in data.tags] == case.tags
    assert [record.line for record in file.skipped] == [line for line, _ in case.skipped]
    for record, (_, reason) in zip(file.skipped, case.skipped, strict=True):
        assert reason in record.reason
    for note in case.notes:
        assert any(note in one for one in data.notes), data.notes


def test_the_guess_is_said_with_its_reason_and_columns_have_numbers():
    file = read_token_file(b"B-PER\tAnn\nO\tran\nO\tup\n", "a.bio")
    assert (
        file.reason == "Tokens are in column 2, tags in column 1 (its values are tags such as B-PER and O)."
    )
    assert (file.columns, file.token_column, file.tag_column) == (("tag", "token"), "token", "tag")
    assert file.column("2") == file.column("column 2") == file.column("token")
    with pytest.raises(InputError, match="has no column '3'"):
        file.column("3")
    with pytest.raises(InputError, match="both"):
        tagged_sentences(file, "1", "tag")


@pytest.mark.parametrize("start", [0, 1, 101])
def test_a_rising_number_is_never_the_token(start):
    rows = [f"{start + n}\t{'ab'[n % 2]}\t{'XY'[n % 2]}" for n in range(40)]
    file = read_token_file("\n".join(rows).encode(), "a.tsv")
    assert file.column(file.token_column)[0][:2] == ("a", "b")
    assert file.column(file.tag_column)[0][:2] == ("X", "Y")


def test_a_file_without_tags_can_be_tagged():
    file = read_token_file(b"1\tAnn\n2\tran\n\n1\tso\n", "a.conll")
    assert file.column(file.token_column) == [("Ann", "ran"), ("so",)]
    assert file.tag_column is None
    assert "no column beside the tokens" in file.reason


WORDS = st.text(
    st.characters(categories=["L", "N", "P", "S", "Mn", "Zs"], exclude_characters=" "), min_size=1, max_size=6
)
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=5)
LAYOUTS = {
    "{word}\t{tag}": "a.conll",
    "{word} {tag}": "a.txt",
    "{tag}\t{word}": "a.bio",
    "{number}\t{word}\t{tag}": "a.tsv",
    "{word}\tNN\t{tag}\t_": "a.iob",
}


@settings(deadline=None)
@given(SENTENCES, st.sampled_from(sorted(LAYOUTS)), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_sentences_written_in_any_layout_come_back(sentences, layout, line_end, has_mark):
    sentences = [["Ann", "Lee", "went", "home", "to", "Oslo"], *sentences]
    lines = []
    for words in sentences:
        for number, word in enumerate(words, start=1):
            tag = {1: "B-PER", 2: "I-PER"}.get(number, "O")
            lines.append(layout.format(number=number, word=word, tag=tag))
        lines.append("")
    content = ("\ufeff" if has_mark else "") + line_end.join(lines)
    data = tagged_sentences(read_token_file(content.encode(), LAYOUTS[layout]))
    assert [list(own) for own in data.tokens] == sentences
    assert data.tags[0] == ("B-PER", "I-PER", "O", "O", "O", "O")
