"""One way to open text: any packing, any encoding, the same lines."""

# ruff: noqa: RUF001 (letters of other alphabets are meant)
from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
import os
import random
import resource
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elmo_core.exceptions import InputError
from elmo_core.text import opening, unpacking
from elmo_core.text.encodings import SAMPLE
from elmo_core.text.opening import open_text, read_text, split_lines
from elmo_core.text.unpacking import content_suffix

TEXT = "The café, as it was.\nIt’s closed.\n\nLast line without an end"
LINES = TEXT.split("\n")


def zipped(content: bytes, *names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names or ("a.txt",):
            archive.writestr(name, content)
    return packed.getvalue()


def framed(content: bytes) -> bytes:
    """Two zstd frames and one to skip, as parallel packers write them."""
    skipped = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    half = len(content) // 2
    return zstandard.compress(content[:half]) + skipped + zstandard.compress(content[half:])


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "two gzip members": lambda content: gzip.compress(content[:9]) + gzip.compress(content[9:]),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zstd in frames": framed,
    "zip": zipped,
    "zip of a Mac": lambda content: zipped(content, "a.txt", "__MACOSX/._a.txt", ".DS_Store"),
}


def lines_of(path: Path, **options: str) -> list[str]:
    with open_text(path, **options) as text:
        return list(text.lines())


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["a.txt", "A.GZ", "no-suffix"])
def test_the_content_says_how_a_file_is_packed(tmp_path, packing, encoding, name):
    path = tmp_path / name
    path.write_bytes(PACKINGS[packing](TEXT.encode(encoding)))
    assert lines_of(path) == LINES
    assert read_text(path).text == read_text(path.read_bytes(), name).text == TEXT


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"\r", [""]),
        (b"\r\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        (b"a\r\r\nb\n\r", ["a", "", "b", ""]),
        ("a\u2028b\u2029c\x85d\x0ce\x0bf\x1cg".encode(), ["a\u2028b\u2029c\x85d\x0ce\x0bf\x1cg"]),
        (b"\xef\xbb\xbfone\n\xef\xbb\xbftwo", ["one", "two"]),  # two files joined
        (b"a\0b\n\0\n", ["ab", ""]),
        (b"\xef\xbb\xbf", []),
    ],
)
def test_lines_end_in_three_ways_only(tmp_path, content, lines):
    (tmp_path / "a.txt").write_bytes(content)
    assert lines_of(tmp_path / "a.txt") == lines


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("ab é’\r\n\u2028\x0c", max_size=60),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from([1, 2, 3, 7, 1 << 20]),
)
def test_lines_do_not_depend_on_blocks(tmp_path, text, encoding, block):
    (tmp_path / "a.txt").write_bytes(text.encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "_BLOCK", block)
        assert lines_of(tmp_path / "a.txt") == split_lines(text)


@pytest.mark.parametrize("encoding", ["cp1251", "cp1252", "gb18030", "koi8-r", "utf-8"])
def test_the_first_character_beyond_ascii_decides_wherever_it_is(tmp_path, encoding):
    late = {"cp1252": "Où est l’été, élève ?"}.get(encoding, "Все люди рождаются свободными и равными")
    late = "人人生而自由，在尊严和权利上一律平等。" if encoding == "gb18030" else late
    text = "plain words\n" * (2 * SAMPLE // 12) + f"{late}\nplain\n" * 50
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    with open_text(path) as opened:
        lines = opened.lines()
        assert next(lines) == "plain words" and opened.guess() is None
        assert [*lines][-100:] == [late, "plain"] * 50
        assert opened.encoding == encoding and opened.is_guessed == (encoding != "utf-8")
        assert opened.share == 1.0
    assert read_text(path).encoding == encoding


def test_damage_is_counted_by_lines(tmp_path):
    (tmp_path / "a.txt").write_bytes("ä\n".encode() * 9 + b"bad \xff\n" + "ö\n".encode())
    with open_text(tmp_path / "a.txt") as opened:
        assert [*opened.lines()][-2:] == ["bad \ufffd", "ö"]
        assert opened.remarks() == ("1 place is not utf-8 and read as \ufffd.",)


def test_an_encoding_that_is_asked_for_is_kept_to(tmp_path):
    (tmp_path / "a.txt").write_bytes("Да\n".encode("koi8-r"))
    assert lines_of(tmp_path / "a.txt", encoding="koi8-r") == ["Да"]
    with pytest.raises(InputError, match=r"a.txt is not utf-8 \(line 1\); choose another"):
        lines_of(tmp_path / "a.txt", encoding="utf-8")
    (tmp_path / "b.txt").write_bytes("Да\n".encode("utf-16"))
    for name in ("utf-16", "utf-16-le", "UTF16"):
        assert lines_of(tmp_path / "b.txt", encoding=name) == ["Да"]
    (tmp_path / "c.txt").write_bytes("one\ntwo".encode("cp037"))
    assert lines_of(tmp_path / "c.txt", encoding="cp037") == ["one", "two"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(TEXT.encode() * 50)[:-20], "is damaged"),
        (bz2.compress(TEXT.encode() * 50)[:-20], "is damaged"),
        (lzma.compress(TEXT.encode() * 50)[:-20], "is damaged"),
        (zstandard.compress(TEXT.encode() * 50)[:-20], "is damaged"),
        (zstandard.compress(TEXT.encode()) + b"more", "is damaged"),
        (b"PK\x03\x04 broken", "is damaged"),
        (zipped(b"x", "a.txt", "b.txt"), r"must hold one file, it holds 2 \(a.txt, b.txt\)"),
        (zipped(gzip.compress(b"x")), "holds another archive"),
        (zipped(b"x", "[Content_Types].xml"), "is a workbook"),
        (gzip.compress(b"a.txt".ljust(257, b"\0") + b"ustar" + bytes(250)), "holds another archive"),
        (b"\x89PNG\r\n", "is a picture"),
        (random.Random(0).randbytes(5000), "is not a text file"),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_opened_is_one_sentence(tmp_path, content, message):
    (tmp_path / "a.any").write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        lines_of(tmp_path / "a.any")
    assert "\n" not in str(caught.value) and "a.any" in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    for path, message in ((tmp_path / "none", "There is no file"), (tmp_path, "is a folder")):
        with pytest.raises(InputError, match=message):
            lines_of(path)
    (tmp_path / "empty").write_bytes(b" \n")
    with pytest.raises(InputError, match="empty is empty"):
        read_text(tmp_path / "empty")


def test_standard_input_and_pipes(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(zipped(TEXT.encode()))))
    assert lines_of(Path("-")) == LINES
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(gzip.compress(TEXT.encode()),))
    writer.start()
    assert lines_of(tmp_path / "pipe") == LINES
    writer.join()


def test_a_line_without_an_end_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "LONGEST_LINE", 1 << 20)
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"one\n" + b"x" * (9 << 20)))
    with pytest.raises(InputError, match=r"a.gz, line 2 is longer than 1 MB; put one sentence a line"):
        lines_of(tmp_path / "a.gz")


def test_a_small_file_that_unpacks_into_a_huge_one_takes_no_memory(tmp_path, monkeypatch):
    content = b"x\n" * (50 << 20)
    (tmp_path / "a.zst").write_bytes(zstandard.compress(content, 3))
    del content
    monkeypatch.setattr(unpacking, "MAX_BYTES", 1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="a file may have up to 1 MB, packed and unpacked"):
        read_text(tmp_path / "a.zst")
    with open_text(tmp_path / "a.zst") as opened:
        assert next(opened.lines()) == "x"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60 << 10


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.conllu.xz", ".conllu"),
        ("A.TXT.GZ", ".txt"),
        ("a", ""),
        ("a.gz", ""),
        ("no.suffix", ".suffix"),
        ("a.zip: b.csv", ".csv"),
    ],
)
def test_the_suffix_of_the_content(name, suffix):
    assert content_suffix(name) == suffix
