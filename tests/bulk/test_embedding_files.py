"""Text files to vectors in every format: the rows of `embed`, whatever ended the job in between."""

from __future__ import annotations

import gzip
import json
import lzma
import os
import random
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import zstandard
from typer.testing import CliRunner

import elmo_core.bulk.job as job
import elmo_core.embedding.blocks as blocks
from elmo_core.__main__ import app
from elmo_core.bulk.arrays import EmbeddedArrays
from elmo_core.bulk.job import FORMATS, TextOptions, embed_files
from elmo_core.bulk.rows import RowSettings
from elmo_core.embedder import Elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError

WORDS = ["the", "bank", "of", "a", "river", "raised", "rates", "and", "we", "sat", "there", ",", "."]
LINES = ["The bank raised rates.", "", "a/b é 🙂", "We sat there. It rained.", "x" * 70]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """A few sentences a block, a few blocks a part."""
    monkeypatch.setattr(blocks, "_BLOCK_SENTENCES", 3)
    monkeypatch.setattr(job, "_PART_SENTENCES", 6)


def lines_of(n, seed=0):
    choose = random.Random(seed)
    return [" ".join(choose.choices(WORDS, k=choose.randint(0, 12))) for _ in range(n)]


def write(path: Path, lines) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def read_back(target: Path, form: str, settings: RowSettings) -> list[tuple[str, np.ndarray]]:
    """Text and rows of every sentence, rows as `RowSettings.rows` gives them."""
    if form == "arrays":
        found = EmbeddedArrays(target)
        return [(" ".join(found[i][0]), np.array(found[i][1])) for i in range(len(found))]
    if form == "hdf5":
        with h5py.File(target) as file:
            texts = [text.decode() for text in file["sentences"][:]]
            rows = [file[str(i)][:] for i in range(len(texts))]
        if settings.vectors == "pooled":
            rows = [row[None] for row in rows]
        elif settings.vectors == "all":
            rows = [row.transpose(1, 0, 2) for row in rows]
        return list(zip(texts, rows, strict=True))
    table = pd.read_parquet(target)
    layers = [name for name in table if name.startswith("layer_")] or ["vector"]
    rows = [np.stack([np.stack(list(table[name])) for name in layers], axis=1)]
    stacked = rows[0] if layers != ["vector"] else rows[0][:, 0]
    if settings.vectors == "pooled":
        return [(text, stacked[i : i + 1]) for i, text in enumerate(table["text"])]
    return [
        (" ".join(table["token"][index]), stacked[index])
        for index in table.groupby("sentence").indices.values()
    ]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    "settings",
    [
        RowSettings(),
        RowSettings("all", precision="float16"),
        RowSettings("mixed", (0.2, 0.3, 0.5), 2.0),
        RowSettings("pooled"),
    ],
    ids=["all", "all-float16", "mixed", "pooled"],
)
def test_every_format_holds_the_vectors_of_embed(elmo, tmp_path, form, settings):
    lines = [*LINES, *lines_of(20)]
    written = embed_files(elmo, [write(tmp_path / "in.txt", lines)], tmp_path / "out", form, settings)
    expected = elmo.embed(lines)
    assert written == job.Written(25, sum(len(found.tokens) for found in expected))
    kept = [(" ".join(found.tokens), settings.rows(found)) for found in expected]
    if form == "parquet" and settings.vectors != "pooled":
        kept = [(text, rows) for text, rows in kept if len(rows)]  # no token, no row
    found = read_back(tmp_path / "out", form, settings)
    assert [text for text, _ in found] == [text for text, _ in kept]
    for (_, ours), (_, wanted) in zip(found, kept, strict=True):
        assert ours.dtype == np.dtype(settings.precision)
        np.testing.assert_allclose(ours, wanted, atol=1e-6 if settings.precision == "float32" else 1e-2)


def test_pooled_is_the_mean_and_zero_without_tokens(elmo):
    (found, nothing) = elmo.embed(["the bank", ""])
    settings = RowSettings("pooled", (0, 0, 1))
    np.testing.assert_allclose(settings.rows(found)[0], found.layers[2].mean(axis=0), atol=1e-6)
    assert settings.rows(nothing).shape == (1, 16) and not settings.rows(nothing).any()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("after", "blocks_left"), [(1, 9), (5, 5)])
def test_a_stopped_job_goes_on_to_the_same_bits(elmo, tmp_path, form, after, blocks_left):
    text, settings = write(tmp_path / "in.txt", lines_of(30)), RowSettings("mixed")
    embed_files(elmo, [text], tmp_path / "at-once", form, settings)
    blocks = []

    def stop(now):
        blocks.append(now)
        if len(blocks) == after:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        embed_files(elmo, [text], tmp_path / "out", form, settings, progress=stop)
    assert not (tmp_path / "out").is_file()
    more = []
    embed_files(elmo, [text], tmp_path / "out", form, settings, progress=more.append)
    assert len(more) == blocks_left  # of ten; a part is two of them
    assert (more[-1].sentences, more[-1].share) == (30, 1.0)
    for one, other in zip(
        *(read_back(tmp_path / name, form, settings) for name in ("at-once", "out")), strict=True
    ):
        assert one[0] == other[0]
        np.testing.assert_array_equal(one[1], other[1])


_SLOWLY = """
import sys, time
from pathlib import Path
import elmo_core.bulk.job as job
import elmo_core.embedding.blocks as blocks
from elmo_core.bulk.rows import RowSettings
from elmo_core.embedder import load_elmo

blocks._BLOCK_SENTENCES, job._PART_SENTENCES = 3, 6
write = job.FORMATS[sys.argv[3]].write_part

def write_slowly(path, part, settings):
    write(path, part, settings)
    print("written", flush=True)
    time.sleep(0.1)  # not renamed yet

object.__setattr__(job.FORMATS[sys.argv[3]], "write_part", write_slowly)
job.embed_files(load_elmo("tiny"), [Path(sys.argv[1])], Path(sys.argv[2]), sys.argv[3], RowSettings())
"""


@pytest.mark.parametrize("form", FORMATS)
def test_no_row_is_lost_or_doubled_by_kill_9(elmo, tmp_path, form):
    text, out = write(tmp_path / "in.txt", lines_of(60)), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOWLY, str(text), str(out), form], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(3):
        assert process.stdout.readline() == "written\n"
    time.sleep(0.03)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    folder = tmp_path / "out.parts" if form == "hdf5" else out
    assert any(path.name.startswith("_partial") for path in folder.iterdir())
    assert len([path for path in folder.iterdir() if path.name.startswith("part-")]) == 2
    embed_files(elmo, [text], out, form, RowSettings())
    expected = [found for found in elmo.embed(lines_of(60)) if found.tokens or form != "parquet"]
    found = read_back(out, form, RowSettings())
    assert [one for one, _ in found] == [" ".join(one.tokens) for one in expected]
    for (_, ours), wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, wanted.layers.transpose(1, 0, 2), atol=1e-6)
    assert not any("partial" in path.name for path in folder.glob("*"))


def test_no_more_than_a_part_is_in_memory(elmo, tmp_path, monkeypatch):
    alive, most, stream = weakref.WeakValueDictionary(), [], Elmo.stream

    def watched(*arguments, **options):
        for block in stream(*arguments, **options):
            alive.update({id(found.layers): found.layers for found in block})
            yield block

    monkeypatch.setattr(Elmo, "stream", watched)
    text = write(tmp_path / "in.txt", lines_of(120))
    for form in FORMATS:
        embed_files(
            elmo, [text], tmp_path / form, form, RowSettings(), progress=lambda _: most.append(len(alive))
        )
    assert len(most) == 3 * 40
    assert max(most) <= 6 + 3  # a part, and the block that comes next


def test_a_stream_takes_sentences_as_it_needs_them(elmo):
    lines = iter(lines_of(10))
    first = next(elmo.stream(lines))
    assert len(first) == 3
    assert next(lines) == lines_of(10)[3]


@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_a_carried_state_goes_over_the_ends_of_blocks(elmo, batch_size):
    """Lines of several sentences, and none, begin and end in the middle of batches."""
    lines = [". ".join(lines_of(i % 4, seed=i)).capitalize() + "." * (i % 4) for i in range(31)]
    expected = elmo.embed(lines, state="carry", batch_size=batch_size)
    unread = iter(lines)
    stream = elmo.stream(unread, state="carry", batch_size=batch_size)
    found = next(stream)
    assert unread.__length_hint__() == 28
    found += [one for block in stream for one in block]
    assert [one.tokens for one in found] == [one.tokens for one in expected]
    for one, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.layers, wanted.layers)


def test_a_stopped_job_with_a_carried_state_goes_on_to_the_same_bits(elmo, tmp_path):
    text, reading = write(tmp_path / "in.txt", lines_of(40)), TextOptions(state="carry", batch_size=4)

    def stop(now):
        if now.sentences >= 20:
            raise CancelledError("stopped")

    with pytest.raises(CancelledError):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings(), reading, progress=stop)
    n_parts = len(list((tmp_path / "out").glob("part-*")))
    assert n_parts >= 2
    embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings(), reading)
    found = read_back(tmp_path / "out", "arrays", RowSettings())
    expected = elmo.embed(lines_of(40), state="carry", batch_size=4)
    assert [one for one, _ in found] == [" ".join(one.tokens) for one in expected]
    for (_, ours), wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, wanted.layers.transpose(1, 0, 2))


def test_files_are_numbered_through_and_may_be_compressed(elmo, tmp_path):
    lines = lines_of(12)
    content = ["".join(f"{line}\r\n" for line in lines[start : start + 4]).encode() for start in (0, 4, 8)]
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf" + content[0])
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(content[1]))
    (tmp_path / "c.txt.xz").write_bytes(lzma.compress(content[2]))
    (tmp_path / "d.txt.zst").write_bytes(zstandard.compress(content[0]))
    files = [tmp_path / name for name in ("a.txt", "b.txt.gz", "c.txt.xz", "d.txt.zst")]
    embed_files(elmo, files, tmp_path / "out", "arrays", RowSettings("pooled"), TextOptions(tokenised=True))
    found = EmbeddedArrays(tmp_path / "out")
    assert [" ".join(found[i][0]) for i in range(len(found))] == [*lines, *lines[:4]]
    with pytest.raises(IndexError):
        found[16]


def test_other_work_in_the_same_place_is_refused(elmo, tmp_path):
    text = write(tmp_path / "in.txt", lines_of(9))
    embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"))
    with pytest.raises(InputError, match="precision was 'float32'"):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled", precision="float16"))
    before = sorted((tmp_path / "out").rglob("*"))
    done = []
    embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"), progress=done.append)
    assert sorted((tmp_path / "out").rglob("*")) == before and not done
    write(text, lines_of(8))
    with pytest.raises(InputError, match="text was"):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"))
    with pytest.raises(InputError, match="holds something else"):
        embed_files(elmo, [text], tmp_path, "parquet", RowSettings())


def test_a_part_that_is_gone_is_noticed(elmo, tmp_path):
    text = write(tmp_path / "in.txt", lines_of(30))
    embed_files(elmo, [text], tmp_path / "out", "parquet", RowSettings())
    sorted((tmp_path / "out").glob("part-*"))[1].unlink()
    with pytest.raises(InputError, match="lacks the part before part-0000000012"):
        embed_files(elmo, [text], tmp_path / "out", "parquet", RowSettings())


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"%PDF-1.7", "in.txt", "in.txt is a PDF"),
        (bytes(range(256)), "in.txt", "is not a text file"),
        (b"\x1f\x8b broken", "in.txt.gz", "is damaged"),
        (lzma.compress(b"broken")[:-9], "in.txt.xz", "is damaged"),
        (zstandard.compress(b"broken" * 99)[:-3], "in.txt", "is damaged"),
    ],
)
def test_unusable_text_is_explained_and_leaves_nothing(elmo, tmp_path, content, name, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        embed_files(elmo, [tmp_path / name], tmp_path / "out", "arrays", RowSettings())
    assert not (tmp_path / "out").exists()


def test_an_empty_text_gives_an_empty_result(elmo, tmp_path):
    (tmp_path / "in.txt").touch()
    for form in FORMATS:
        written = embed_files(elmo, [tmp_path / "in.txt"], tmp_path / form, form, RowSettings())
        assert written == job.Written(0, 0)
    assert len(EmbeddedArrays(tmp_path / "arrays")) == 0


def test_impossible_settings(elmo, tmp_path):
    text = write(tmp_path / "in.txt", ["a"])
    with pytest.raises(ConfigError, match="must be one of all, mixed, pooled"):
        RowSettings("some")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="belong to a mix"):
        RowSettings("all", (1, 2, 3))
    with pytest.raises(InputError, match="weights of a mix"):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("mixed", (1, 2)))
    with pytest.raises(ConfigError, match="format must be"):
        embed_files(elmo, [text], tmp_path / "out", "csv", RowSettings())
    large = elmo.embed(["a"])[0]
    large.layers[0, 0, 0] = 1e6
    with pytest.raises(InputError, match="too large for float16"):
        RowSettings(precision="float16").rows(large)


def test_the_command_takes_several_files_and_options(tmp_path):
    texts = [write(tmp_path / f"{i}.txt", lines_of(4, seed=i)) for i in range(2)]
    options = ["--vectors", "pooled", "--weights", "0,0,1", "--precision", "float16", "--tokenised", "--json"]
    arguments = ["embed", "tiny", *texts, tmp_path / "out.parquet", *options]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["sentences"] == 8
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table.columns) == ["sentence", "n_tokens", "text", "vector"]
    assert table["text"].tolist() == [*lines_of(4, seed=0), *lines_of(4, seed=1)]
    wrong = CliRunner().invoke(
        app, ["embed", "tiny", str(texts[0]), "out", "--vectors", "mixed", "--weights", "a"]
    )
    assert wrong.exit_code == 2 and "numbers separated by commas" in wrong.output
