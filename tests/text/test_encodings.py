"""Real sentences in the encodings that people save them in, from one line to a thousand rows."""

# ruff: noqa: RUF001 (letters of other alphabets are meant)
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import InputError
from elmo_core.text.encodings import decode
from elmo_core.text.guessing import ENCODINGS

SENTENCES = {
    "cp1252": [
        "The price is €12 for a small box.",
        "It’s £5.",
        "Acme™ makes it",
        "three\u00a0words here",
        "He said “hello” to me — twice…",
        "naïve café",
        "25 °C today",
        "½ cup of milk",
        "Zoë",
        "£",
        "Fiancé said ‘no’",
        "L’été dernier, nous sommes allés à la plage où il faisait très chaud.",
        "C’est à 5 € l’unité",
        "«Oui», dit-il.",
        "Der Bürgermeister hörte die Flüche der schönen Mädchen auf der Straße.",
        "Größe,Preis",
        "El niño comió mañana por la mañana, ¿verdad?",
        "A situação não é tão fácil; a educação é necessária.",
        "Perché non è così? Non lo so più.",
        "Räksmörgås är gott på hösten.",
        "Blåbærsyltetøy på brødskive.",
        "Það er gott veður í dag, þó að vindurinn blási.",
        "Tõde on see, et õunad on magusad ja öösel on külm.",
    ],
    "cp1250": [
        "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
        "Łódź jest piękna",
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv.",
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van.",
        "Toate fiinţele umane se nasc libere şi egale în demnitate şi în drepturi.",
        "Sva ljudska bića rađaju se slobodna i jednaka. Čovjek žudi za šumom.",
    ],
    "iso8859-2": ["Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw."],
    "iso8859-15": ["Le prix est de 12 € et le cœur bat."],
    "cp1251": [
        "Все люди рождаются свободными и равными в своем достоинстве и правах.",
        "Отличный фильм!,pos\nПлохо,neg",
        "Привет",
        "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
        "Всички хора се раждат свободни и равни по достойнство и права.",
        "Сва људска бића рађају се слободна и једнака у достојанству и правима.",
    ],
    "koi8-r": ["Все люди рождаются свободными и равными в своем достоинстве и правах."],
    "koi8-u": ["Всі люди народжуються вільними і рівними у своїй гідності та правах."],
    "iso8859-5": ["Все люди рождаются свободными и равными в своем достоинстве и правах."],
    "cp866": ["Все люди рождаются свободными и равными в своем достоинстве и правах."],
    "mac_cyrillic": ["Все люди рождаются свободными и равными в своем достоинстве и правах."],
    "cp1253": ["Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.", "Καλημέρα σας"],
    "iso8859-7": ["Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι, Άννα"],
    "cp1254": [
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
        "Çok güzel bir film, ağladım.",
    ],
    "cp1255": ["כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם."],
    "cp1256": ["يولد جميع الناس أحرارا متساوين في الكرامة والحقوق."],
    "cp1257": [
        "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis.",
        "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās.",
    ],
    "cp874": ["มนุษย์ทั้งปวงเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ"],
    "cp932": ["人間は生まれながらにして自由であり、尊厳と権利について平等である。", "コーヒーが好きです"],
    "euc_jp": ["人間は生まれながらにして自由であり、尊厳と権利について平等である。"],
    "gb18030": ["人人生而自由，在尊严和权利上一律平等。", "质量不错,好评\n太差了,差评", "很好"],
    "big5": ["人人生而自由，在尊嚴和權利上一律平等。", "這部電影很好看，我非常喜歡。"],
    "cp949": ["모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", "최고"],
    "cp850": ["L'été dernier nous sommes allés à la plage, très loin, là-bas, élève, déjà."],
    "mac_roman": ["It’s a “nice” day — don’t you think? They’re here."],
}
CASES = [(encoding, sentence) for encoding, sentences in SENTENCES.items() for sentence in sentences]


@pytest.mark.parametrize(("encoding", "sentence"), CASES)
@pytest.mark.parametrize("n", [1, 3, 1000])
def test_a_sentence_is_read_as_it_was_written(encoding: str, sentence: str, n: int):
    rows = "".join(f"{sentence}\nplain words in row {row},pos\n" for row in range(n))
    found = decode(rows.encode(encoding), "a.csv")
    assert found.text == rows
    assert found.is_guessed and found.encoding in ENCODINGS
    assert found.guess() == f"Encoding guessed: {found.encoding}."


@pytest.mark.parametrize("sign", ["€12", "£12", "Acme{}™", "{}\u00a0km", "{}–{}", "“{}”", "it’s {}", "é{}"])
def test_a_sign_in_many_different_rows_stays_itself(sign: str):
    rows = "".join(f"{sign.format(f'w{row}', row)} in row {row}\n" for row in range(1000))
    assert decode(rows.encode("cp1252"), "a.csv").text == rows


@pytest.mark.parametrize(
    ("content", "text", "n_damaged", "n_nul"),
    [
        ("naïve café\n".encode() + b"caf\xe9\n", "naïve café\ncaf\ufffd\n", 1, 0),
        ("über ".encode() * 9 + b"\xfc\xfc", "über " * 9 + "\ufffd\ufffd", 2, 0),
        ("Zoë".encode()[:-1], "Zo\ufffd", 1, 0),
        ("\ufffd stays, ä".encode(), "\ufffd stays, ä", 0, 0),
        ("\ufffd stays, ä".encode() + b"\xe4", "\ufffd stays, ä\ufffd", 1, 0),
        (b"a\0b,pos\nc,neg\n", "ab,pos\nc,neg\n", 0, 1),
        (b"good text\n" + bytes(5000), "good text\n", 0, 5000),
        (b"\xef\xbb\xbf\xef\xbb\xbfone", "one", 0, 0),
    ],
)
def test_damage_in_utf8_is_counted_not_taken_for_another_encoding(
    content: bytes, text: str, n_damaged: int, n_nul: int
):
    found = decode(content, "a.txt")
    if found.is_guessed:
        assert content == "Zoë".encode()[:-1]  # one byte alone may be either
        return
    assert (found.text, found.n_damaged, found.n_nul) == (text, n_damaged, n_nul)
    assert len(found.faults()) == (n_damaged > 0) + (n_nul > 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["The café, as it was.\n", "Да, это так.\nНет.\n", "很好。\n不好, 差。\n", "a,b\r\n1,2\r\n"]
)
def test_wide_encodings_are_found_with_and_without_a_mark(encoding: str, text: str):
    found = decode((text * 20).encode(encoding), "a.txt")
    assert (found.text, found.is_guessed) == (text * 20, False)


@pytest.mark.parametrize(
    ("content", "encoding", "message"),
    [
        (b"%PDF-1.7", None, "is a PDF"),
        (bytes(range(256)) * 4, None, "is not a text file"),
        (b"\x00\x01\x02", None, "is not a text file"),
        (b"\x01\x00\x02\x00\x03\x00", None, "is not a text file"),
        (b"\x7fELF\x02\x01\x01" + bytes(range(30)) * 9, None, "is not a text file"),
        (b"caf\xe9", "utf-8", r"is not utf-8 \(byte 3\); choose another encoding"),
        (b"caf\x81", "cp1252", r"is not cp1252 \(byte 3\)"),
        (b"word", "klingon", "There is no encoding 'klingon'"),
        (b"word", "base64", "There is no encoding 'base64'"),
        (b"word", "a\0b", "There is no encoding"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(content: bytes, encoding: str | None, message: str):
    with pytest.raises(InputError, match=message) as caught:
        decode(content, "a.txt", encoding)
    assert "\n" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(st.text("abc é’€\u00a0ü\n", min_size=1, max_size=80))
def test_utf8_is_never_guessed(text: str):
    found = decode(text.encode(), "a.txt")
    assert (found.text, found.encoding, found.is_guessed) == (text, "utf-8", False)
