"""Tokens that carry a tag."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from elmo_core.text.tagged import split_tags, tag_token, tags_of

WORDS = st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(WORDS, st.sampled_from(["NOUN", "VERB", "X"]))))
def test_words_and_tags_come_back(pairs):
    tokens = [tag_token(word, tag) for word, tag in pairs]
    known = tags_of(tokens)
    assert known == tuple(sorted({tag for _, tag in pairs}))
    words, numbers = split_tags(tokens, known)
    if pairs:
        assert words == [word for word, _ in pairs]
        assert [known[number - 1] for number in numbers] == [tag for _, tag in pairs]


def test_tokens_without_a_known_tag_have_number_0():
    words, numbers = split_tags(["bank", tag_token("bank", "NEW"), tag_token("bank", "NOUN")], ("NOUN",))
    assert (words, numbers.tolist()) == (["bank", "bank", "bank"], [0, 0, 1])


def test_without_tags_every_string_is_a_word():
    token = tag_token("bank", "NOUN")
    assert split_tags([token], ())[0] == [token]
