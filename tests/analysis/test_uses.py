"""Finding the uses of a word, and the words of a text."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.analysis.uses import count_words, find_uses, frequent_words, gather_vectors, nearest_words
from elmo_core.exceptions import InputError

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
    ("word", "message"), [("  ", "Type a word"), ("river bank", r"is 2 \(river \| bank\)")]
)
def test_what_is_not_one_token_is_refused(word: str, message: str):
    with pytest.raises(InputError, match=message):
        find_uses(TEXT, word)


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
    monkeypatch.setattr("elmo_core.analysis.queries._TIMEOUT_S", 0.05)
    with pytest.raises(InputError, match="takes too long"):
        find_uses(["a" * 5000], "/(a|a|a|a|aa)+(a|aa)+(a|aa)+b|(a|aa)+(a|aa)+c/")


def test_many_forms_are_found_in_one_look():
    letters = "abcdefghijklmnopqrstuvwxyz"
    text = [f"no {letter}x here" for letter in letters] + ["nothing"]
    assert find_uses(text, "/.x/").found == 26


def test_the_search_reports_its_progress(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("elmo_core.analysis.uses._REPORTED", 10)
    shares: list[float] = []
    find_uses(["a bank"] * 40, "bank", progress=shares.append)
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


def test_words_are_runs_of_letters():
    assert count_words(["It's well-known: 42 STRASSEN, straßen -x-"]) == {
        "it": 1,
        "s": 1,
        "well-known": 1,
        "strassen": 2,
        "x": 1,
    }


def test_what_follows_a_number_is_no_word():
    assert count_words(["the 19th-century bank, 2nd x2y"]) == {"the": 1, "century": 1, "bank": 1}


def test_frequent_words_say_something():
    assert frequent_words(["The river and the river bank", "because of the bank, the river"], 2) == (
        "river",
        "bank",
    )
