"""What is said first about a word, and whether something simpler than meaning explains it."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.geometry.separation import separation
from elmo_core.senses.explanations import explain_groups, simplest_rival, tell_senses_by
from elmo_core.senses.facts import Fact, facts_of
from elmo_core.senses.group_names import name_by_best
from elmo_core.senses.headline import explain_groups_found, explain_senses, say_groups, say_senses
from elmo_core.senses.opening import opening_word, rank_openings
from elmo_core.senses.study import CONTEXT, group_uses, study_uses
from elmo_core.senses.substitutes import context_words
from elmo_core.senses.unfamiliar_text import familiarity
from elmo_core.senses.uses import Uses, find_uses, frequent_words
from elmo_core.tables.corpus import Text, read_column
from elmo_core.tables.reading import read_table
from elmo_core.text.vocabulary import SPECIALS, Vocabulary

SENSES = ["game"] * 10 + ["music"] * 10 + ["stage"] * 10
POS = Fact("part of speech", ("noun",) * 10 + ("verb",) * 10 + ("noun",) * 10)
LENGTH = Fact("sentence length", ("short", "long") * 15)


def text_of(*rows: str) -> Text:
    return read_column(
        read_table("\n".join(("word,pos,sense,sentence", *rows)).encode(), "a.csv"),
        "sentence",
        "sense",
        "word",
    )


@pytest.fixture(scope="module")
def text() -> Text:
    """A word whose senses are its parts of speech, and one whose senses are not."""
    light = [f"light,{pos},{sense},It is {n} a light {n}." for n in range(6) for pos, sense in LIGHT]
    bank = [f"bank,noun,{sense},The bank {verb} {n}." for n in range(6) for sense, verb in BANK]
    return text_of(*light, *bank)


LIGHT = (("noun", "lamp"), ("adjective", "not heavy"))
BANK = (("river", "floods"), ("money", "lends"))


def test_facts_are_columns_neighbours_spelling_and_length(text: Text):
    facts = facts_of(find_uses(text.sentences, "light", text.labels_of("light")), text)
    assert [fact.name for fact in facts] == ["part of speech", "the word after"]
    uses = find_uses(["The bank fell.", "A Bank.", "Our bank is a very old bank, they say."], "bank")
    names = [fact.name for fact in facts_of(uses)]
    assert names == ["the word before", "the word after", "spelling", "sentence length"]


def test_groups_that_follow_the_part_of_speech_say_so():
    groups = [1 if pos == "verb" else 0 for pos in POS.values]
    found = explain_groups(groups, [LENGTH, POS], SENSES)
    assert found is not None
    assert (found.fact, found.agreement, found.is_main) == ("part of speech", pytest.approx(1), True)
    assert found.meaning is not None and found.meaning < 0.8
    codes = [["game", "music", "stage"].index(sense) for sense in SENSES]
    by_sense = explain_groups(codes, [LENGTH, POS], SENSES)
    assert by_sense is not None and not by_sense.is_main
    assert explain_groups(codes, [LENGTH], SENSES) is None
    without_senses = explain_groups(groups, [POS])
    assert without_senses is not None and without_senses.is_main and without_senses.meaning is None
    assert explain_groups([0] * 30, [POS]) is None


def test_a_fact_alone_is_scored_as_vectors_are():
    by_pos = tell_senses_by(POS, SENSES)
    assert by_pos is not None and by_pos.accuracy == pytest.approx(2 / 3)  # two senses tie for the nouns
    rival = simplest_rival([LENGTH, POS], SENSES)
    assert rival is not None and rival[0] == "part of speech"
    assert simplest_rival([LENGTH], SENSES) is None
    assert tell_senses_by(POS, ["one"] * 30) is None


def test_what_is_seen_is_said_first_and_beside_guessing():
    vectors = np.repeat(np.eye(2), 10, axis=0) + 0.1 * np.random.default_rng(0).standard_normal((20, 2))
    score = separation(vectors, ["a"] * 10 + ["b"] * 10)
    assert say_senses(score).startswith("Senses told apart: 100% (guessing: 5")
    by_pos = tell_senses_by(Fact("part of speech", ("n",) * 10 + ("v",) * 10), ["a"] * 10 + ["b"] * 10)
    assert by_pos is not None
    told = explain_senses(score, CONTEXT, ("part of speech", by_pos))
    assert told.startswith("100% of 20 uses lie nearest to their own sense by context (95% interval 8")
    assert told.endswith("Mostly part of speech: that alone tells 100%.")
    alike = separation(np.ones((20, 2)), ["a"] * 10 + ["b"] * 10)
    assert say_senses(alike) == "Senses not told apart: 50% (guessing: 50%)"
    assert "layer 1 (95%" in explain_senses(alike, "Layer 1", None)


def test_groups_are_said_in_a_readers_words():
    uses = find_uses([f"The bank {n} fell." for n in range(12)], "bank")
    grouping = group_uses(study_uses(load_elmo("tiny"), uses))
    assert say_groups(grouping, None) == "No groups proven"
    assert explain_groups_found(grouping).startswith("The uses may all be of one kind: ")
    few = group_uses(study_uses(load_elmo("tiny"), Uses("bank", 3, uses.uses[:3])))
    assert say_groups(few, None) == "3 uses are too few to look for groups"


def test_a_model_opens_on_a_word_that_nothing_simpler_explains(text: Text):
    ranked = rank_openings(load_elmo("tiny"), text)
    assert {one.word: one.rival for one in ranked} == {"light": "part of speech", "bank": "the word after"}
    assert not any(one.qualifies for one in ranked)
    assert opening_word(ranked) == ranked[0].word


def test_groups_are_named_by_sense_or_by_what_stands_around():
    sentences = [f"We fished off the bank {n}." for n in range(6)]
    sentences += [f"He owed the bank money {n}." for n in range(6)]
    uses, labels = find_uses(sentences, "bank"), [0] * 6 + [1] * 6
    around = context_words(uses)
    poor = study_uses(load_elmo("tiny"), uses).substitutes
    names = name_by_best(poor, around, labels)
    assert {name.kind for name in names} == {"context words"}
    assert names[0].words[0] == "fished"
    named = name_by_best(poor, around, labels, ["river"] * 6 + ["money"] * 5 + [None])
    assert [name.text for name in named] == ["river", "money"]


def test_a_text_in_another_language_is_noticed():
    known = ["the", "on", "he", "was", "a", *(f"word{'abcdefghij'[n % 10]}{n}" for n in range(1000))]
    letters = [word.translate(str.maketrans("0123456789", "klmnopqrst")) for word in known]
    vocabulary = Vocabulary([*SPECIALS, *letters])
    english = familiarity(find_uses(["He was on the bank. A bank was on the bank."] * 4, "bank"), vocabulary)
    german = familiarity(find_uses(["Die Bank war alt und ich sah die Bank."] * 4, "bank"), vocabulary)
    assert english is not None and german is not None
    assert not english.is_unfamiliar and german.is_unfamiliar
    assert familiarity(find_uses(["The bank."], "bank"), None) is None


def test_chinese_text_offers_words_that_can_be_found():
    sentences = ["银行在河边。", "这家银行很大。", "我去银行取钱。"]
    (word, *_) = frequent_words(sentences)
    assert (word, find_uses(sentences, word).found) == ("银行", 3)
