"""Shards -> cache: what is read, what is refused, what is kept."""

from __future__ import annotations

import gzip
import logging
import lzma

import numpy as np
import pytest
import zstandard

from elmo_core.exceptions import CorpusError
from elmo_core.pretraining.cache import open_corpus

TEXT = "the cat sat .\nthe dog sat on the mat .\n\na new document\n"


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [
        ("", bytes),
        (".gz", gzip.compress),
        (".xz", lzma.compress),
        (".zst", zstandard.ZstdCompressor().compress),
    ],
)
def test_every_compression_gives_the_same_tokens(tmp_path, suffix, pack):
    (tmp_path / f"a.txt{suffix}").write_bytes(pack(TEXT.encode()))
    cache = open_corpus(str(tmp_path / "a.txt*"), tmp_path / "cache", tokenised=True)
    assert [cache.words(i) for i in range(cache.n_sentences)] == [
        line.split() for line in TEXT.split("\n") if line
    ]
    assert cache.documents.tolist() == [0, 2, 3]


def test_types_stand_by_falling_count(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    cache = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True)
    assert cache.types[:4] == ("<S>", "</S>", "<UNK>", "the")
    counted = {word: TEXT.split().count(word) for word in set(TEXT.split())}
    assert {word: int(n) for word, n in zip(cache.types[3:], cache.counts[3:], strict=True)} == counted
    assert (np.diff(cache.counts[3:]) <= 0).all()


def test_spelt_out_unknown_is_the_special_word(tmp_path):
    (tmp_path / "a.txt").write_text("a <UNK> b <UNK>\n")
    cache = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True)
    assert cache.sentence(0).tolist()[1] == 2
    assert cache.types.count("<UNK>") == 1


def test_running_text_is_split_and_tokenised(tmp_path):
    (tmp_path / "a.txt").write_text("Mr. Smith didn't come. It rained, alas!\n")
    cache = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache")
    assert [cache.words(i) for i in range(2)] == [
        ["Mr.", "Smith", "didn", "'t", "come", "."],
        ["It", "rained", ",", "alas", "!"],
    ]


def test_cache_is_found_again_and_follows_content_and_settings(tmp_path):
    shard = tmp_path / "a.txt"
    shard.write_text(TEXT)
    first = open_corpus(str(shard), tmp_path / "cache", tokenised=True).folder
    stamp = (first / "tokens.bin").stat().st_mtime_ns
    assert open_corpus(str(shard), tmp_path / "cache", tokenised=True).folder == first
    assert (first / "tokens.bin").stat().st_mtime_ns == stamp
    assert open_corpus(str(shard), tmp_path / "cache", tokenised=False).folder != first
    shard.write_text(TEXT + "more\n")
    assert open_corpus(str(shard), tmp_path / "cache", tokenised=True).folder != first


def test_interrupted_build_is_done_again(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    folder = open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True).folder
    (folder / "cache.json").unlink()
    assert open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache", tokenised=True).n_sentences == 3


def test_damaged_shard_names_file_and_place(tmp_path):
    (tmp_path / "bad.txt.gz").write_bytes(gzip.compress(TEXT.encode() * 5000)[:-400])
    with pytest.raises(CorpusError, match=r"bad\.txt\.gz is damaged after [\d,]+ unpacked bytes"):
        open_corpus(str(tmp_path / "bad*"), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*/cache.json"))


@pytest.mark.parametrize("suffix", [".xz", ".zst", ".gz"])
def test_file_that_is_not_what_its_name_says(tmp_path, suffix):
    (tmp_path / f"bad{suffix}").write_bytes(b"plain text\n" * 100)
    assert open_corpus(str(tmp_path / "bad*"), tmp_path / "cache").n_sentences == 100


def test_lines_that_are_not_utf8_and_empty_shards_are_counted(tmp_path, caplog):
    (tmp_path / "a.txt").write_bytes(b"fine here\n\xff broken\n\xc3\xa0 la carte\n")
    (tmp_path / "b.txt").write_bytes(b"\n\n")
    with caplog.at_level(logging.WARNING):
        cache = open_corpus(str(tmp_path / "*.txt"), tmp_path / "cache", tokenised=True)
    assert cache.n_sentences == 2
    assert (
        "1 lines are damaged (not in the encoding of their file) and were left out, the first at a.txt:2."
        in caplog.text
    )
    assert "1 files hold no text: b.txt." in caplog.text


def test_nothing_to_read(tmp_path):
    (tmp_path / "a.txt").write_text("\n \n")
    with pytest.raises(CorpusError, match="holds no text"):
        open_corpus(str(tmp_path / "a.txt"), tmp_path / "cache")
    with pytest.raises(CorpusError, match="No file matches"):
        open_corpus(str(tmp_path / "none*"), tmp_path / "cache")
