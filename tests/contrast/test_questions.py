"""Files of word pairs and analogies, as published and as people write them; scores beside gensim's."""

from __future__ import annotations

from pathlib import Path

import gensim
import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import given
from hypothesis import strategies as st

from elmo_core.contrast.questions import read_groups, read_pairs
from elmo_core.contrast.scores import analogies_by_section, word_similarity
from elmo_core.exceptions import InputError
from elmo_core.static.vectors import StaticVectors

PUBLISHED = Path(gensim.__file__).parent / "test" / "test_data"


def published(name: str) -> list[str]:
    return (PUBLISHED / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("name", "n", "first"),
    [("wordsim353.tsv", 353, ("love", "sex", 6.77)), ("simlex999.txt", 999, ("old", "new", 1.58))],
)
def test_published_lists_are_read_whole_without_their_comments(name, n, first):
    found = read_pairs(published(name))
    assert (len(found), found[0]) == (n, first)
    assert found.reading.startswith(
        f"{n} pairs separated by tabs: words in columns 1 and 2, scores from 0.23"
    )
    assert found.reading.endswith("left out: 2 comment lines.")


def test_published_analogies_keep_their_sections():
    found = read_groups(published("questions-words.txt"), 4, 4)
    assert len(found) == 19_544 and found[0] == ("Athens", "Greece", "Baghdad", "Iraq")
    assert len(set(found.sections)) == 14 and found.sections[0] == "capital-common-countries"
    assert found.sections.count("currency") == 866


SIMLEX = ["word1\tword2\tPOS\tSimLex999\tconc(w1)\tSD(SimLex)", "old\tnew\tA\t1.58\t2.7\t0.4"]


@pytest.mark.parametrize(
    ("lines", "pairs", "said"),
    [
        (SIMLEX, [("old", "new", 1.58)], "column 4 (SimLex999)"),
        (["take remove V 6.81 SYNONYMS", "a b V 1 NONE"], [("take", "remove", 6.81)], "column 4"),
        (["3.92 cord smile", "2 a b"], [("cord", "smile", 3.92)], "column 1"),
        (["1;gem;jewel;3,94", "2;rope;cord;3,5", "3;x;z;1"], [("gem", "jewel", 3.94)], "semicolons"),
        (["\ufeffWord 1,Word 2,Human (mean)", "love,sex,6.77"], [("love", "sex", 6.77)], "(Human (mean))"),
        (["love sex 6,77", "cat dog 7,35"], [("love", "sex", 6.77)], "separated by blanks"),
        (["New York\tcity\t4"], [("New York", "city", 4.0)], "separated by tabs"),
        (["id,w1,pos,w2,pos2,score", "x,bank,n,money,n,3"], [("bank", "money", 3.0)], "columns 2 and 4"),
        (['Berlin,"Rome, Italy",3'], [("Berlin", "Rome, Italy", 3.0)], "separated by commas"),
        (['"love","sex","6.77"'], [("love", "sex", 6.77)], "separated by commas"),
        (["  love   sex  6.77  ", "", "# end"], [("love", "sex", 6.77)], "left out: 1 comment line."),
        (["a b 1 10 11", "c d 2 20 21"], [("a", "b", 1.0)], "column 3"),
        (["n score word1 word2", "5 3 a b", "9 4 c d"], [("a", "b", 3.0)], "column 2 (score)"),
    ],
)
def test_lists_in_other_shapes_say_how_they_were_read(lines, pairs, said):
    found = read_pairs(lines)
    assert found[:1] == pairs and said in found.reading


def test_columns_can_be_given():
    assert read_pairs(SIMLEX, (1, 2, 5)) == [("old", "new", 2.7)]
    with pytest.raises(InputError, match="say which columns"):
        read_pairs(SIMLEX, (1, 2, 9))
    with pytest.raises(InputError, match="three different numbers"):
        read_pairs(SIMLEX, (0, 1, 2))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["a b 1", "c d 2", "e f"], "Line 3 must be two words and a number, found 'e f'"),
        (["a\tb\t1", "c\td"], "Line 2 must be"),
        (["word1;word2;score", "a;b;1", "c;d;high"], "Line 3 must be"),
        (["# a", "", "a b inf", "a b 1"], "Line 3 must be|no pairs"),
        ([], "no pairs"),
        (["# only a comment"], "no pairs"),
        (["1 2 3"], "no pairs"),
        (["a b 1_000", "c d 2"], "must be two words"),
    ],
)
def test_a_line_that_is_no_pair_is_named(lines, message):
    with pytest.raises(InputError, match=message):
        read_pairs(lines)


@pytest.mark.parametrize("title", ["pairs", "text,label", "my words", "word1 word2"])
def test_a_title_narrower_than_the_rows_is_no_header(title: str):
    with pytest.raises(InputError, match=f"^Line 1 must be two words and a number, found '{title}'"):
        read_pairs([title, "river stream 9", "king queen 8"])


def test_groups_of_words():
    assert read_groups([": family", "a : b :: c : d", "# x", "a,b,c,d"], 4, 4) == [("a", "b", "c", "d")] * 2
    assert read_groups(["New York\tParis\tshoe"], 3) == [("New York", "Paris", "shoe")]
    with pytest.raises(InputError, match="Line 3 must have 4 words, found 3"):
        read_groups([": s", "a b c d", "a b c"], 4, 4)
    with pytest.raises(InputError, match="no lines"):
        read_groups([": only a section"], 4, 4)


def test_lists_of_users_are_read_with_their_faults():
    assert read_pairs(["word1\tword2\tSimLex", "old new 1.5", "", "a;b;2"]) == [
        ("old", "new", 1.5),
        ("a", "b", 2.0),
    ]
    with pytest.raises(InputError, match="Line 2 must be two words and a number"):
        read_pairs(["a b 1", "a b c"])
    with pytest.raises(InputError, match="no pairs"):
        read_pairs(["a b"])
    with pytest.raises(InputError, match="Line 2 must be"):
        read_pairs(["a b 1", "a b nan"])
    assert read_groups(["a, b, c", " "], 3) == [("a", "b", "c")]
    with pytest.raises(InputError, match="Line 1 must have 4 words, found 5"):
        read_groups(["a b c d e"], 4, 4)
    with pytest.raises(InputError, match="3 or more"):
        read_groups(["a b"], 3)


@given(
    pairs=st.lists(
        st.tuples(
            st.sampled_from(["cat", "dog", "don't", "1984", "café"]),
            st.sampled_from(["sun", "it", "x-ray", "日本"]),
            st.floats(0, 10, allow_subnormal=False).map(lambda score: round(score, 2)),
        ),
        min_size=3,
        max_size=9,
    ),
    delimiter=st.sampled_from(["\t", ";", ",", " "]),
    columns=st.permutations([0, 1, 2]).filter(lambda order: order.index(0) < order.index(1)),
    header=st.booleans(),
    comment=st.booleans(),
)
def test_every_pair_survives_delimiters_and_column_orders(pairs, delimiter, columns, header, comment):
    rows = [[str(pair[column]) for column in columns] for pair in pairs]
    titles = [[("word1", "word2", "score")[column] for column in columns]] if header else []
    lines = ["# a comment"] * comment + [delimiter.join(row) for row in [*titles, *rows]]
    if all(pair[0] == "1984" for pair in pairs):
        return  # a column of numbers is no column of words
    assert read_pairs(lines) == pairs


def random_vectors() -> tuple[KeyedVectors, StaticVectors]:
    """The same vectors for gensim and for us: words of the published lists, some of them missing."""
    pairs = read_pairs(published("wordsim353.tsv"))
    groups = read_groups(published("questions-words.txt")[:600], 4, 4)
    words = list(
        dict.fromkeys(word.lower() for row in [*pairs, *groups] for word in row if type(word) is str)
    )
    generator = np.random.default_rng(5)
    vectors = {word: generator.standard_normal(12) for word in words}
    for country, capital in {(a.lower(), b.lower()) for a, b, _, _ in groups}:
        vectors[capital] = vectors[country] + np.eye(12)[0] + 0.4 * generator.standard_normal(12)
    kept = [word for place, word in enumerate(words) if place % 7]
    matrix = np.array([vectors[word] for word in kept], dtype=np.float32)
    keyed = KeyedVectors(12)
    keyed.add_vectors(kept, matrix)
    return keyed, StaticVectors("random", kept, matrix)


def test_scores_and_queries_are_gensims(tmp_path):
    keyed, vectors = random_vectors()
    score = word_similarity(vectors, read_pairs(published("wordsim353.tsv")))
    _, spearman, unknown = keyed.evaluate_word_pairs(str(PUBLISHED / "wordsim353.tsv"))
    assert score.value == pytest.approx(spearman.statistic)
    assert 100 * (1 - score.n_known / score.n_all) == pytest.approx(unknown)

    path = tmp_path / "questions.txt"
    path.write_text("\n".join(published("questions-words.txt")[:600]), encoding="utf-8")
    questions = read_groups(path.read_text(encoding="utf-8").splitlines(), 4, 4)
    for limit in (len(vectors), len(vectors) - 20):
        found = analogies_by_section(vectors, questions, candidates=limit)
        accuracy, sections = keyed.evaluate_word_analogies(str(path), restrict_vocab=limit)
        assert found["all"].value == pytest.approx(accuracy) and 0 < accuracy < 1
        for section in sections[:-1]:
            n_right, n_wrong = len(section["correct"]), len(section["incorrect"])
            mine = found[section["section"]]
            assert mine.n_known == n_right + n_wrong
            assert not mine.n_known or mine.value == pytest.approx(n_right / mine.n_known)

    for positive, negative in ((["king"], []), (["athens", "iraq"], ["baghdad"]), ("tiger", "cat")):
        expected = keyed.most_similar(positive=positive, negative=negative, topn=5)
        mine = vectors.most_similar(positive, negative, 5)
        assert [word for word, _ in mine] == [word for word, _ in expected]
        assert [cosine for _, cosine in mine] == pytest.approx([cosine for _, cosine in expected], abs=1e-5)
    assert vectors.similarity("tiger", "cat") == pytest.approx(keyed.similarity("tiger", "cat"), abs=1e-6)
    for start in (0, 40, 80):
        group = list(vectors.words[start : start + 5])
        assert vectors.doesnt_match(group) == keyed.doesnt_match(group)


def test_queries_of_unknown_words_are_one_sentence():
    _, vectors = random_vectors()
    with pytest.raises(InputError, match="no vector for 'tigger'; did you mean tiger"):
        vectors.most_similar("tigger")
    with pytest.raises(InputError, match="no vector for 'zzzzqq'"):
        vectors.similarity("tiger", "zzzzqq")
    with pytest.raises(InputError, match="three or more"):
        vectors.doesnt_match(["tiger", "cat"])
    with pytest.raises(InputError, match="at least one word"):
        vectors.most_similar([])
    assert len(vectors.most_similar("tiger", n=10**6)) == len(vectors) - 1
