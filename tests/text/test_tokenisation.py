"""Raw text to sentences and tokens: the cases that go wrong elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.text.tokenisation import (
    located_sentences,
    split_sentences,
    tokenise,
    tokenise_with_places,
    tokenised_sentences,
)

ANY_TEXT = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("I don't know.", "I don 't know ."),
        ("She's well-known, isn't she?", "She 's well-known , isn 't she ?"),
        ("the dogs' bowl", "the dogs ' bowl"),
        ('He said "no" -- twice.', 'He said " no " -- twice .'),
        ("\u201cYes,\u201d he said.", '" Yes , " he said .'),
        ("It\u2019s Ann\u2019s; don\u2019t.", "It 's Ann 's ; don 't ."),
        ("a cafe\u0301, na\u00efve", "a caf\u00e9 , na\u00efve"),
        ("Wait\u2026 co\u00adop well\u2011known", "Wait ... coop well-known"),
        ("\ufeffba\u200bnk\u00a0x\u2060", "bank x"),
        ("\u1eb9\u0301k\u1ecd\u0301.", "\u1eb9\u0301k\u1ecd\u0301 ."),  # Yoruba
        (
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645!",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 !",
        ),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        (
            "\u1781\u17d2\u1789\u17bb\u17c6\u200b\u179f\u17d2\u179a",
            "\u1781\u17d2\u1789\u17bb\u17c6 \u179f\u17d2\u179a",
        ),
        ("\u0e02\u0e49\u0e32\u0e27", "\u0e02\u0e49\u0e32\u0e27"),  # Thai: no mark without its letter
        ("I \u2764\ufe0f it\U0001f44d\U0001f3fd", "I \u2764\ufe0f it \U0001f44d\U0001f3fd"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f1eb\U0001f1f7",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1eb\U0001f1f7",
        ),
        ("\u845b\U000e0100\u57ce", "\u845b\U000e0100 \u57ce"),
        ("a DOTMULTI.x", "a DOTMULTI . x"),
        ("Dr. Smith lives in the U.S.A. now.", "Dr. Smith lives in the U.S.A. now ."),
        ("It cost $3.50 (about 1,000).", "It cost $ 3.50 ( about 1,000 ) ."),
        ("AT&T | <b>&amp;</b> [x]", "AT & T | < b > & amp ; < / b > [ x ]"),
        ("Wait... what?!", "Wait ... what ? !"),
        ("state-of-the-art", "state-of-the-art"),
        ("a\u00a0b\u3000c\td", "a b c d"),
        ("a\ud800b \udfff", "ab"),
        ("\u05e9\u05dc\u05d5\u05dd!", "\u05e9\u05dc\u05d5\u05dd !"),
        ("", ""),
        (" \t\r\n\u2028", ""),
    ],
    ids=ascii,
)
def test_english_tokens(sentence: str, tokens: str):
    assert tokenise(sentence) == tokens.split()


@pytest.mark.parametrize(
    ("language", "sentence", "tokens"),
    [
        ("fr", "L'homme qu'il a vu.", "L' homme qu' il a vu ."),
        ("it", "l'amico dell'uomo", "l' amico dell' uomo"),
        ("de", "Das ist z.B. gut.", "Das ist z.B. gut ."),
        ("ru", "\u0414\u0430, \u043c\u0438\u0440!", "\u0414\u0430 , \u043c\u0438\u0440 !"),
        ("hi", "\u0924\u0941\u092e?", "\u0924\u0941\u092e ?"),
    ],
)
def test_tokens_of_other_languages(language: str, sentence: str, tokens: str):
    assert tokenise(sentence, language) == tokens.split()


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("He came. Did she? Yes!", ["He came.", "Did she?", "Yes!"]),
        ("Dr. Smith went. It is 3.5 m.", ["Dr. Smith went.", "It is 3.5 m."]),
        ("The U.S. economy grew. It fell.", ["The U.S. economy grew.", "It fell."]),
        ('He said "Stop. Now." and left.', ['He said "Stop. Now." and left.']),
        ("one\ntwo\r\nthree\rfour\u2028five", ["one", "two", "three", "four\u2028five"]),
        ("no end\n\n  \n  spaces  ", ["no end", "spaces"]),
        ("a\ud800. B.", ["a. B."]),
        ("\ud800", []),
        ("", []),
    ],
    ids=ascii,
)
def test_english_sentences(text: str, sentences: list[str]):
    assert split_sentences(text) == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("de", ["Er kam am 3. Mai an.", "Gut."]),
        ("zh", ["\u6211\u7231\u4f60\u3002", "\u4f60\u5462\uff1f"]),
        ("ar", ["\u0645\u0631\u062d\u0628\u0627.", "\u0643\u064a\u0641\u061f"]),
        ("hi", ["\u0920\u0940\u0915 \u0939\u0942\u0901\u0964", "\u0924\u0941\u092e?"]),
    ],
)
def test_sentences_of_other_languages(language: str, sentences: list[str]):
    assert split_sentences(" ".join(sentences), language) == sentences


def test_running_text_becomes_sentences_of_tokens():
    text = "It's late.\n\n \ud800\nGo home!"
    assert list(tokenised_sentences(text)) == [["It", "'s", "late", "."], ["Go", "home", "!"]]


@settings(max_examples=100, deadline=None)
@given(ANY_TEXT)
def test_tokens_of_any_text_can_stand_in_a_vocabulary(text: str):
    """None is empty, holds a blank or a line end, or cannot be written as UTF-8."""
    for tokens in tokenised_sentences(text):
        assert tokens
        for token in tokens:
            assert token.split() == [token]
            assert token.encode().decode() == token


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("ab\u00e9\u05d0.?! ,'\"-\n"), max_size=40))
def test_no_letter_is_lost(characters: list[str]):
    text = "".join(characters)
    tokens = [token for sentence in tokenised_sentences(text) for token in sentence]
    assert "".join(tokens) == "".join(text.split())


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        ANY_TEXT, st.text(st.sampled_from("ab\u0301\u2019\u201c\u2026\u00ad\u200b\u00a0.! \n"), max_size=40)
    )
)
def test_sentences_tokenised_one_by_one_give_the_same_tokens(text: str):
    one_by_one = [tokenise(sentence) for sentence in split_sentences(text)]
    assert [tokens for tokens in one_by_one if tokens] == list(tokenised_sentences(text))


@settings(max_examples=200, deadline=None)
@given(ANY_TEXT)
def test_places_point_at_the_tokens_in_order(text: str):
    tokens, places = tokenise_with_places(text)
    assert tokens == tokenise(text)
    assert len(tokens) == len(places)
    edges = [edge for place in places for edge in place]
    assert all(start < end for start, end in places)
    assert max(edges, default=0) <= len(text)


@settings(max_examples=200, deadline=None)
@given(
    st.text(st.sampled_from("ab\u0301\u2019\u201c\u2026\u00ad\u200b\u00a0\ud800.! \r\n\u2028"), max_size=40)
)
def test_located_sentences_are_those_of_the_whole_text(text: str):
    located = list(located_sentences(text))
    assert [tokens for tokens, _ in located] == list(tokenised_sentences(text))
    edges = [edge for _, places in located for place in places for edge in place]
    assert edges == sorted(edges) or "\u2026" in text  # the dots of an ellipsis may be parted
    for tokens, places in located:
        assert len(tokens) == len(places)


@pytest.mark.parametrize(
    ("straight", "curly"),
    [
        ("It's so, don't.", "It\u2019s so, don\u2019t."),
        ('He said "no. Go." and left. Fine...', "He said \u201cno. Go.\u201d and left. Fine\u2026"),
        ("'Tis Ann's; the dogs' bowl", "\u2018Tis Ann\u2019s; the dogs\u2019 bowl"),
        ("Dr. Smith paid 1 000.", "Dr.\u00a0Smith paid 1\u202f000."),
        ("well-known cooperation", "well\u2011known co\u00adoperation"),
        ("na\u00efve caf\u00e9", "nai\u0308ve cafe\u0301"),
        ("The bank fell.", "\ufeffThe \u200ebank\u200b\u2060 fell."),
        ("office files", "o\ufb03ce \ufb01les"),
    ],
    ids=ascii,
)
def test_the_same_text_has_the_same_tokens_however_it_was_typed(straight: str, curly: str):
    assert list(tokenised_sentences(curly)) == list(tokenised_sentences(straight))


def test_places_are_those_of_the_text_as_it_was_typed():
    text = "\u201cIt\u2019s co\u00adop, cafe\u0301\u2026\u201d"
    tokens, places = tokenise_with_places(text)
    assert tokens == ['"', "It", "'s", "coop", ",", "caf\u00e9", "...", '"']
    assert [text[start:end] for start, end in places] == [
        "\u201c", "It", "\u2019s", "co\u00adop", ",", "cafe\u0301", "\u2026", "\u201d",
    ]  # fmt: skip


def test_sentences_keep_their_spelling():
    text = "\u201cDon\u2019t.\u201d Cafe\u0301\u00a0x."
    assert split_sentences(text) == ["\u201cDon\u2019t.\u201d", "Cafe\u0301\u00a0x."]
