"""Finding the uses of a word, and the words of a text."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.exceptions import InputError
from elmo_core.senses.no_uses import explain_no_use
from elmo_core.senses.uses import count_words, find_uses, frequent_words, gather_vectors, nearest_words

TEXT = (
    "The Bank raised its rates; the bank's shares fell.",
    "Snowbanks are no banks.",
    'They sat on the bank, "our" BANK.',
    "",
)


def test_whole_tokens_in_any_case_every_use():
    found = find_uses(TEXT, "bank")
    assert [(use.sentence, use.word) for use in found.uses] == [
        (0, "Bank"),
        (0, "bank"),
        (2, "bank"),
        (2, "BANK"),
    ]
    assert [use.id for use in found.uses] == [0, 1, 2, 3]
    assert found.found == 4
    assert all(use.tokens[use.position] == use.word for use in found.uses)


def test_contexts_are_the_text_as_it_was_written():
    use = find_uses(TEXT, "bank").uses[2]
    assert (use.left, use.word, use.right) == ("They sat on the ", "bank", ', "our" BANK.')
    assert use.text == TEXT[2]


def test_lists_of_tokens_are_taken_as_they_are():
    found = find_uses([["river", "bank", "."], ("bank",)], " BANK ")
    assert [(use.sentence, use.position, use.left, use.right) for use in found.uses] == [
        (0, 1, "river ", " ."),
        (1, 0, "", ""),
    ]


def test_case_folding_goes_beyond_lower_case():
    assert [use.word for use in find_uses(["Die STRASSE und die Straße."], "strasse").uses] == [
        "STRASSE",
        "Straße",
    ]


def test_labels_go_with_their_sentence():
    found = find_uses(TEXT, "bank", ["money", None, "river", None])
    assert found.labels == ("money", "money", "river", "river")
    assert find_uses(TEXT, "bank").labels == (None,) * 4


def test_many_uses_are_sampled_and_the_true_number_is_kept():
    text = [f"light {number}" for number in range(50)]
    found = find_uses(text, "light", max_uses=10)
    assert (len(found.uses), found.found) == (10, 50)
    assert [use.id for use in found.uses] == list(range(10))
    places = [use.sentence for use in found.uses]
    assert places == sorted(places)
    assert found == find_uses(text, "light", max_uses=10)
    assert places != [use.sentence for use in find_uses(text, "light", max_uses=10, seed=1).uses]


@pytest.mark.parametrize(
    ("word", "message"), [("  ", "Type a word"), ("\u200b", "Type a word"), ("x " * 21, "up to 20 tokens")]
)
def test_what_cannot_be_looked_for_is_refused(word: str, message: str):
    with pytest.raises(InputError, match=message):
        find_uses(TEXT, word)


ODD = (
    "COVID-19 and covid cases in New York.",
    "It\u2019s Ann\u2019s dog, it's Ann's; don\u2019t ask at 1,000 o\u2019clock, no. 3.14",
    "Cafe\u0301 and caf\u00e9\u00a0x; \u0130stanbul ISTANBUL stra\u00dfe.",
    "\u6211\u7231\u5317\u4eac\u5929\u5b89\u95e8\u3002",
    "In the U.S. there is etc. and etc.",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0628\u0631\u0648\u0645",
    "\u0e09\u0e31\u0e19\u0e0a\u0e2d\u0e1a\u0e01\u0e34\u0e19\u0e02\u0e49\u0e32\u0e27",
    "I \u2764\ufe0f it \u2764 \U0001f468\u200d\U0001f469\u200d\U0001f467, ba\u00adnk \u200fbank\u200f",
)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("/covid.*/", ["COVID-19", "covid"]),
        ("/.*\\d/", ["COVID-19", "1,000", "3.14"]),
        ("/\\d+[.,]\\d+/", ["1,000", "3.14"]),
        ("/\u2019[st]/", ["\u2019s", "\u2019s", "'s", "'s", "\u2019t"]),
        ("'s", ["\u2019s", "\u2019s", "'s", "'s"]),
        ("\u2019s", ["\u2019s", "\u2019s", "'s", "'s"]),
        ("caf\u00e9", ["Cafe\u0301", "caf\u00e9"]),
        ("cafe\u0301", ["Cafe\u0301", "caf\u00e9"]),
        ("/cafe\u0301/", ["Cafe\u0301", "caf\u00e9"]),
        ("New York", ["New York"]),
        ("york,  new york", ["New York"]),
        ("NEW\u00a0YORK, ann's", ["New York", "Ann\u2019s", "Ann's"]),
        ("o'clock", ["o\u2019clock"]),
        ("1,000", ["1,000"]),
        ("1,000, covid", ["covid", "1,000"]),
        ("don't", ["don\u2019t"]),
        ("U.S.", ["U.S."]),
        ("etc.", ["etc.", "etc."]),
        ("istanbul", ["\u0130stanbul", "ISTANBUL"]),
        ("\u0130STANBUL", ["\u0130stanbul", "ISTANBUL"]),
        ("STRASSE", ["stra\u00dfe"]),
        ("/stra\u00dfe/", ["stra\u00dfe"]),
        ("\u5317\u4eac", ["\u5317\u4eac"]),
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"],
        ),
        ("\u2764", ["\u2764\ufe0f", "\u2764"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", ["\U0001f468\u200d\U0001f469\u200d\U0001f467"]),
        ("bank", ["ba\u00adnk", "bank"]),
    ],
    ids=ascii,
)
def test_queries_find_tokens_however_they_are_spelt(query: str, words: list[str]):
    uses = find_uses(ODD, query).uses
    assert [use.word for use in uses] == words
    for use in uses:
        assert use.left + use.word + use.right == ODD[use.sentence]
        assert use.form in " ".join(use.phrase)
    assert find_uses(ODD, query, max_uses=0).found == len(words)


def test_lists_of_tokens_are_not_levelled_but_found():
    found = find_uses(
        [["don\u2019t", "cafe\u0301"], ["New", "York"], ["O'Hara"]], "caf\u00e9, new york, o'hara"
    )
    assert [use.word for use in found.uses] == ["cafe\u0301", "New York", "O'Hara"]
    assert found.uses[0].tokens == ("don\u2019t", "cafe\u0301")
    assert (found.uses[1].left, found.uses[1].right, list(found.uses[1].span)) == ("", "", [0, 1])


def test_a_phrase_has_the_mean_of_its_vectors():
    layers = np.arange(24.0, dtype=np.float32).reshape(2, 3, 4)
    uses = find_uses([["a", "New", "York"], ["York", "a", "b"]], "new york, york")
    vectors = gather_vectors(uses, [layers, layers])
    np.testing.assert_array_equal(vectors[:, 0], layers[:, 1:].mean(axis=1))
    np.testing.assert_array_equal(vectors[:, 1], layers[:, 0])


def test_other_forms_of_a_phrase_are_those_of_its_last_token():
    text = ("a river bank", "two river banks", "rivers bank")
    assert [use.word for use in find_uses(text, "river bank", inflections=True).uses] == [
        "river bank",
        "river banks",
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("/19/", "part of 1 different token, such as covid-19; "),
        ("/new york/", "type the phrase itself"),
        ("covi", "part of 2 different tokens, such as covid; "),
        ("\u0e01\u0e34\u0e19", "part of 1 different token"),
        ("York New", "never in a row"),
        ("ew Yor", "begins or ends inside a token"),
        ("zebra", ""),
        ("/z+q/", ""),
    ],
    ids=ascii,
)
def test_why_a_query_finds_nothing(query: str, said: str):
    assert find_uses(ODD, query).found == 0
    reason = explain_no_use(ODD, query)
    assert said in reason and bool(said) == bool(reason)
    if "/.*" in reason:
        assert find_uses(ODD, reason[reason.index("/.*") : reason.rindex("/") + 1]).found


def test_several_words_and_patterns():
    several = find_uses([*TEXT, "A bench."], "bank, bench")
    assert [use.word for use in several.uses] == ["Bank", "bank", "bank", "BANK", "bench"]
    matched = find_uses(TEXT, "/(snow)?banks?/")
    assert [use.word for use in matched.uses] == ["Bank", "bank", "Snowbanks", "banks", "bank", "BANK"]
    assert find_uses(TEXT, "/qqq/").found == 0


def test_a_comma_is_a_token_as_well():
    assert find_uses(TEXT, ",").found == 1


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("/(/", "is not a regular expression"), ("/.+/", "matches 600 different words; at most 500")],
)
def test_patterns_are_checked(pattern: str, message: str):
    letters = [f"{a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    with pytest.raises(InputError, match=message):
        find_uses([" ".join(letters[:600])], pattern)


def test_a_pattern_cannot_hold_up_the_server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("elmo_core.senses.queries._TIMEOUT_S", 0.05)
    with pytest.raises(InputError, match="takes too long"):
        find_uses(["a" * 5000], "/(a|a|a|a|aa)+(a|aa)+(a|aa)+b|(a|aa)+(a|aa)+c/")


def test_many_forms_are_found_in_one_look():
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = [f"no {letter}x here" for letter in letters] + ["nothing"]
    assert find_uses(text, "/.x/").found == 26


def test_the_search_reports_its_progress(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("elmo_core.senses.uses._REPORTED", 10)
    shares: list[float] = []
    find_uses(["a bank"] * 40, "bank", report=lambda doing, share: shares.append(share))
    assert shares == [0, 0.25, 0.5, 0.75]


def test_a_character_that_the_tokeniser_drops_still_gives_a_context():
    use = find_uses(["a\x01b the bank"], "bank").uses[0]
    assert use.left.endswith("the ")


def test_vectors_of_the_uses_are_gathered():
    found = find_uses([["a", "b", "a"], ["c", "a"]], "a")
    first, second = np.arange(24.0).reshape(2, 3, 4), 100 + np.arange(16.0).reshape(2, 2, 4)
    vectors = gather_vectors(found, [first, first, second])
    assert vectors.shape == (2, 3, 4)
    np.testing.assert_array_equal(vectors[1], [first[1, 0], first[1, 2], second[1, 1]])


def test_nearest_words_come_with_the_number_of_their_uses():
    near = dict(nearest_words(("Bank bank bark", "the bank", "unrelated elephants"), "banc"))
    assert near == {"bank": 3, "bark": 1}


def test_no_word_is_near():
    assert nearest_words(TEXT, "qqqqzz") == ()


def test_nearest_words_are_at_most_five():
    assert len(nearest_words(["cat cot cut cap car can cast"], "cax")) == 5


def test_the_counted_words_are_the_tokens_that_queries_find():
    text = ["It\u2019s well-known: 42 STRASSEN, stra\u00dfen", ["cafe\u0301", "caf\u00e9"]]
    counts = count_words(text)
    assert counts == {
        "it": 1, "'s": 1, "well-known": 1, ":": 1, "42": 1, "strassen": 2, ",": 1, "caf\u00e9": 2,
    }  # fmt: skip
    for token, count in counts.items():
        assert find_uses(text, token).found == count


def test_a_misspelt_phrase_is_mended_token_by_token():
    assert nearest_words(ODD, "New Yrok") == (("new york", 1),)
    assert nearest_words(ODD, "covid-91") == (("covid-19", 1), ("covid", 1))
    assert nearest_words(ODD, "caf\u00e8") == (("caf\u00e9", 2),)


def test_frequent_words_are_no_parts_of_words():
    assert frequent_words(["At one o'clock we met, at two o'clock we left Paris."], 9) == (
        "met", "left", "paris",
    )  # fmt: skip


def test_frequent_words_say_something():
    assert frequent_words(["A bat is in it. The bat flew to us."], 1) == ("bat",)
    assert frequent_words(["The river and the river bank", "because of the bank, the river"], 2) == (
        "river",
        "bank",
    )
