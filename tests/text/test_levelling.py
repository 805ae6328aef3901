"""One spelling for many: what is levelled, what is left alone, and where everything came from."""

from __future__ import annotations

from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.text.levelling import fold, level, level_with_offsets, unify

AWKWARD = (
    "aeisfdot \n\u0301\u0323\u0130\ufb01'\u2018\u2019\u201c\u201e\u2026\u00b4\u02bc\u00a0\u202f\u00ad\ufeff"
    "\u200b\u200c\u200d\u200e\ufe0f\u0434\u0627\u064e\u0915\u094d\u0e01\u1780\u1100\u1161\u11a8\u5bb6\u3002"
    "\u2764\U0001f468\U0001f3fd\U0001f3f4\U000e0067\U000e007f\U000e0100\u1ffd\ud800\x01"
)
ANY_TEXT = st.text(st.one_of(st.characters(), st.sampled_from(AWKWARD)), max_size=25)


@pytest.mark.parametrize(
    ("text", "levelled"),
    [
        ("it\u2019s don\u2019t Ann\u2019s", "it's don't Ann's"),
        ("caf\u00e9 cafe\u0301", "caf\u00e9 caf\u00e9"),
        ("don\u02bct don\u00b4t don\u2032t we\u02bcre", "don't don't don't we're"),
        ("\u2018Tis \u201cso\u201d", '\'Tis "so"'),
        ("\u201eHaus\u201c \u201aTor\u2018", "\"Haus\" 'Tor'"),
        ("\uff07 \uff02", "' \""),
        ("Wait\u2026 what\u2026\u2026", "Wait... what......"),
        ("well\u2011known co\u00adop", "well-known coop"),
        ("1\u202f000\u00a0km\u2009x\u3000y", "1 000 km x y"),
        ("\ufeffThe ba\u200bnk\u200b", "The bank"),
        ("\u202bbank\u202c \u200ex\u2066y\u2069", "bank xy"),
        ("Auf\u200clage", "Auflage"),
        ("o\ufb03ce \ufb01ne", "office fine"),
        ("\u043f\u02bc\u044f\u0442\u044c \u043f\u2019\u044f\u0442\u044c", "\u043f'\u044f\u0442\u044c " * 2),
        ("e\u200b\u0301", "\u00e9"),
        ("\u1112\u1161\u11ab", "\ud55c"),
        ("\u1780\u200b\u1781", "\u1780 \u1781"),  # a word ends there in Khmer
        ("\u0e01\u200b\u0e02", "\u0e01 \u0e02"),  # and in Thai
        ("\u0645\u06cc\u200c ", "\u0645\u06cc "),
        ("a\ud800b\x01", "ab"),
        ("x\ufe0f", "x"),
    ],
    ids=ascii,
)
def test_what_is_levelled(text: str, levelled: str):
    assert level(text) == levelled.rstrip() + " " * (levelled.endswith(" ") and text.endswith(" "))


@pytest.mark.parametrize(
    "text",
    [
        'plain ASCII, it\'s "so" -- `x` ... \t\n',
        "\u00abBonjour\u00bb \u2039x\u203a",
        "1990\u20132000 \u2014 so \u2212 5\u2032",
        "\u4ed6\u8bf4\uff1a\u201c\u597d\u2026\u2026\u201d\u3002\u2018\u8d70\u2019",
        "\u300c\u306f\u3044\u300d",
        "\u05e6\u05d4\u05f4\u05dc",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0915\u094d\u200d\u0937 \u0d28\u0d4d\u200d",  # Hindi, Malayalam
        "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525 1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "na\u02bcashch\u02bcaa\u02bc",  # Navajo
        "Hawai\u02bbi",
    ],
    ids=ascii,
)
def test_what_is_left_alone(text: str):
    assert level(text) == text


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_levelling_twice_is_levelling_once_and_gives_nfc(text: str):
    levelled = level(text)
    assert level(levelled) == levelled == normalize("NFC", levelled)


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_offsets_belong_to_the_same_text_and_run_forward(text: str):
    levelled = level_with_offsets(text)
    assert levelled.text == level(text)
    assert len(levelled.starts) == len(levelled.ends) == len(levelled.text)
    assert list(levelled.starts) == sorted(levelled.starts)
    assert all(0 <= a < b <= len(text) for a, b in zip(levelled.starts, levelled.ends, strict=True))


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_printable_ascii_stays(text: str):
    assert level(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab\u00e9\u1e69\u1ec7\u00fc\u0439\uac01 '"), max_size=20))
def test_composed_and_decomposed_text_are_one(text: str):
    assert level(normalize("NFD", text)) == level(normalize("NFC", text))


def test_a_span_is_found_in_the_original():
    text = "a\u00adb \u201cCafe\u0301\u2026\u201d"
    levelled = level_with_offsets(text)
    assert levelled.text == 'ab "Caf\u00e9..."'
    start = levelled.text.index("Caf")
    first, last = levelled.original_span(start, start + 4)
    assert text[first:last] == "Cafe\u0301"
    first, last = levelled.original_span(0, 2)
    assert text[first:last] == "a\u00adb"


@pytest.mark.parametrize(
    ("token", "other"),
    [
        ("STRASSE", "stra\u00dfe"),
        ("\u0130stanbul", "ISTANBUL"),
        ("CAFE\u0301", "caf\u00e9"),
        ("\u2764\ufe0f", "\u2764"),
        ("\u2019S", "'s"),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03cc\u03c2".replace("\u03cc", "\u03bf")),  # final sigma
        ("\ufb01ne", "FINE"),
        ("\u845b\U000e0100", "\u845b"),
        ("\u01c4", "\u01c6"),
    ],
    ids=ascii,
)
def test_what_folds_to_the_same(token: str, other: str):
    assert fold(token) == fold(other)


def test_the_dotless_i_is_another_letter():
    assert fold("k\u0131n") != fold("kin")


def test_labels_take_their_first_spelling():
    labels = ["cafe\u0301 ", "caf\u00e9", "x\u00a0y", "x y", "\u200b", "", "Caf\u00e9"]
    assert unify(labels) == (
        ["cafe\u0301", "cafe\u0301", "x\u00a0y", "x\u00a0y", "", "", "Caf\u00e9"],
        ["cafe\u0301", "x\u00a0y"],
    )
