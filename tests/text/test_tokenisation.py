"""Raw text to sentences and tokens: the cases that go wrong elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.text.tokenisation import split_sentences, tokenise, tokenised_sentences

ANY_TEXT = st.text(st.characters(), max_size=60)


@pytest.mark.parametrize(
    ("sentence", "tokens"),
    [
        ("I don't know.", "I don 't know ."),
        ("She's well-known, isn't she?", "She 's well-known , isn 't she ?"),
        ("the dogs' bowl", "the dogs ' bowl"),
        ('He said "no" -- twice.', 'He said " no " -- twice .'),
        ("\u201cYes,\u201d he said.", "\u201c Yes , \u201d he said ."),
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
        ("xx", "An unknown code, as English.", "An unknown code , as English ."),
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
        ("one\ntwo\r\nthree\rfour\u2028five", ["one", "two", "three", "four", "five"]),
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
