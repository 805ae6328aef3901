"""`embed` and its output: no input lost, nothing begun lost, one writer, one job for one content."""

from __future__ import annotations

import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.bulk.hdf5 import HDF5
from elmo_core.bulk.job import embed_files
from elmo_core.bulk.rows import Part, RowSettings
from elmo_core.exceptions import InputError, OutputError
from tests.bulk.test_embedding_files import lines_of, read_back, write


def run_embed(*arguments: object):
    return CliRunner().invoke(app, ["embed", "tiny", *map(str, arguments)])


def check_refused(result, *sentences: str) -> None:
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for sentence in sentences:
        assert sentence in line


@pytest.mark.parametrize("options", [[], ["--overwrite"], ["--format", "arrays"]])
def test_a_corpus_is_not_lost_where_out_is_forgotten(tmp_path, options):
    texts = [write(tmp_path / f"{name}.txt", lines_of(3)) for name in "abc"]
    check_refused(run_embed(*texts[:2], texts[1], *options), "b.txt is an input")
    check_refused(run_embed(texts[0], texts[0], *options), "a.txt is an input")
    if not options:
        check_refused(run_embed(texts[0], texts[1]), "b.txt exists and is not an HDF5 file of vectors")
    assert all(path.read_text() == texts[0].read_text() for path in texts)


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (".", "is a folder; name a file"),
        ("", "name of the output is empty"),
        ("-", "cannot be written to standard output"),
        ("missing/out", "no folder"),
        ("/proc/out", "could not be written"),
        ("thesis", "exists and is not an HDF5 file of vectors written by this program"),
        ("foreign.hdf5", "exists and is not an HDF5 file of vectors"),
        ("thesis/out", "no folder"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_the_work(tmp_path, monkeypatch, out, sentence):
    monkeypatch.chdir(tmp_path)
    text = write(tmp_path / "in.txt", lines_of(3))
    (tmp_path / "thesis").write_text("years of work")
    with h5py.File("foreign.hdf5", "w") as file:
        file["sentences"] = [1.0]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    check_refused(run_embed(text, out), sentence)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_earlier_vectors_are_replaced_and_foreign_files_only_by_overwrite(tmp_path):
    text, out = write(tmp_path / "in.txt", lines_of(3)), tmp_path / "out"
    assert run_embed(text, out).exit_code == 0
    assert run_embed(text, out, "--vectors", "pooled").exit_code == 0
    assert run_embed(text, write(tmp_path / "mine", ["words"]), "--overwrite").exit_code == 0
    assert len(read_back(tmp_path / "mine", "hdf5", RowSettings())) == 3
    assert run_embed(text, tmp_path / "folder", "--format", "arrays").exit_code == 0
    write(text, lines_of(4))
    check_refused(run_embed(text, tmp_path / "folder", "--format", "arrays"), "the text was another one")
    assert run_embed(text, tmp_path / "folder", "--format", "arrays", "--overwrite").exit_code == 0
    assert len(read_back(tmp_path / "folder", "arrays", RowSettings())) == 4
    (tmp_path / "full").mkdir()
    write(tmp_path / "full" / "thesis", ["words"])
    for options in ([], ["--overwrite"]):
        refused = run_embed(text, tmp_path / "full", "--format", "parquet", *options)
        check_refused(refused, "holds something else")


@pytest.mark.parametrize("at", [0, 1_500_000, 2_999_998])
def test_a_change_of_the_same_size_anywhere_is_another_text(elmo, tmp_path, at):
    text = tmp_path / "in.txt"
    text.write_bytes((b" " * 99_999 + b"\n") * 30)
    written = []
    with pytest.raises(RuntimeError):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"), progress=_stop(written))
    with text.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"a")
    with pytest.raises(InputError, match="the text was another one"):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"))


def _stop(calls):
    def report(now) -> None:
        calls.append(now)
        raise RuntimeError("stop")

    return report


_SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background inherit a deaf one
import elmo_core.embedding.blocks as blocks
from elmo_core.__main__ import app
from elmo_core.embedder import Elmo

blocks._BLOCK_SENTENCES = 3
stream = Elmo.stream

def slowly(*arguments, **options):
    for number, block in enumerate(stream(*arguments, **options)):
        if number == 4:
            print("begun", flush=True)
            time.sleep(60)
        yield block

Elmo.stream = slowly
app(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("form", "number"),
    [("hdf5", signal.SIGINT), ("parquet", signal.SIGTERM), ("arrays", signal.SIGINT)],
)
def test_what_is_begun_is_written_when_the_work_is_stopped(elmo, tmp_path, form, number):
    text, out = write(tmp_path / "in.txt", lines_of(30)), tmp_path / "out"
    arguments = ["embed", "tiny", str(text), str(out), "--format", form, "--vectors", "pooled"]
    process = subprocess.Popen(
        [sys.executable, "-c", _SLOW, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "begun\n"
    check_refused(CliRunner().invoke(app, arguments), "is being written by another process")
    process.send_signal(number)
    _, stderr = process.communicate()
    assert process.returncode == (130 if number == signal.SIGINT else 143)
    assert stderr.splitlines()[-1] == "Stopped."
    folder = tmp_path / "out.parts" if form == "hdf5" else out
    assert [path.stem for path in folder.glob("part-*")] == [f"part-0000000000-000012-{_n_tokens(12):09d}"]
    assert {path.name for path in tmp_path.iterdir()} == {"in.txt", folder.name}
    calls = []
    embed_files(elmo, [text], out, form, RowSettings("pooled"), progress=calls.append)
    assert calls[-1].sentences == 30
    found = read_back(out, form, RowSettings("pooled"))
    for (_, ours), wanted in zip(found, elmo.embed(lines_of(30)), strict=True):
        np.testing.assert_allclose(ours, RowSettings("pooled").rows(wanted), atol=1e-6)


def _n_tokens(n_lines: int) -> int:
    return sum(len(line.split()) for line in lines_of(30)[:n_lines])


@pytest.mark.parametrize("form", ["hdf5", "arrays"])
def test_a_full_disk_is_one_sentence_and_keeps_the_parts_before(elmo, tmp_path, form):
    """A limit on the size of files stands for the disk: the second part is larger than it."""
    lines = [*["a"] * 12, *["the bank of a river " * 40] * 6]
    text, out = write(tmp_path / "in.txt", lines), tmp_path / "out"
    script = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))\n"
        "import elmo_core.bulk.job as job, elmo_core.embedding.blocks as blocks\n"
        "from elmo_core.__main__ import app\n"
        "blocks._BLOCK_SENTENCES = job._PART_SENTENCES = 6\n"
        "app(sys.argv[1:])"
    )
    arguments = ["embed", "tiny", str(text), str(out), "--format", form]
    run = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2, run.stderr
    (line,) = run.stderr.splitlines()
    assert "could not be written (" in line and "all parts before are kept" in line
    folder = tmp_path / "out.parts" if form == "hdf5" else out
    assert len(list(folder.glob("part-*"))) == 2 and not list(folder.glob("_partial*"))
    calls = []
    embed_files(elmo, [text], out, form, RowSettings(), progress=calls.append)
    assert calls[-1].sentences == 18 and len(read_back(out, form, RowSettings())) == 18


def test_vectors_that_cannot_fit_on_the_disk_are_not_begun(elmo, tmp_path, monkeypatch):
    import shutil
    from types import SimpleNamespace

    text = write(tmp_path / "in.txt", lines_of(300))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000))
    with pytest.raises(OutputError, match=r"The output needs about .* MB, and .* has 0\.1 MB free"):
        embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings())
    assert [path.name for path in tmp_path.iterdir()] == ["in.txt"]
    embed_files(elmo, [text], tmp_path / "out", "arrays", RowSettings("pooled"))


def test_a_nul_in_a_token_is_written_as_u_fffd(tmp_path):
    part = Part(0, [["a\0b", "c"]], [np.zeros((2, 3, 4), np.float32)])
    HDF5.write_part(tmp_path / "part.hdf5", part, RowSettings())
    HDF5.join([tmp_path / "part.hdf5"], tmp_path / "out", {"model": "m", "state": "zero", "dtype": "float32"})
    with h5py.File(tmp_path / "out") as file:
        assert file["sentences"][0].decode() == "a\ufffdb c" and file["0"].shape == (3, 2, 4)


def test_a_line_with_a_nul_is_embedded(tmp_path):
    (tmp_path / "in.txt").write_bytes(b"the ba\0nk\n\0\nof a river\n")
    result = run_embed(tmp_path / "in.txt", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert len(read_back(tmp_path / "out", "hdf5", RowSettings())) == 3


_KILLED = """
import os, signal, sys
from pathlib import Path
import elmo_core.bulk.job as job
import elmo_core.bulk.parts as parts
from elmo_core.bulk.rows import RowSettings
from elmo_core.embedder import load_elmo

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

step, text, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
if step == "before the facts":
    parts.atomic_file = die
if step == "before the rename":
    job.os.replace = lambda one, other: die() if "joined" in str(one) else os.rename(one, other)
if step == "before the parts are removed":
    job.shutil.rmtree = die
job.embed_files(load_elmo("tiny"), [text], out, "hdf5", RowSettings())
"""


@pytest.mark.parametrize(
    "step",
    [
        "before the facts",
        "before the rename",
        "before the parts are removed",
    ],
)
def test_a_kill_at_any_step_is_taken_up(elmo, tmp_path, step):
    text, out = write(tmp_path / "in.txt", lines_of(5)), tmp_path / "out"
    run = subprocess.run([sys.executable, "-c", _KILLED, step, str(text), str(out)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert (tmp_path / ".out.lock").exists()
    embed_files(elmo, [text], out, "hdf5", RowSettings())
    assert len(read_back(out, "hdf5", RowSettings())) == 5
    assert {path.name for path in tmp_path.iterdir()} == {"in.txt", "out"}


def test_standard_input_is_embedded_and_needs_an_output_with_a_name(tmp_path):
    result = CliRunner().invoke(
        app, ["embed", "tiny", "-", str(tmp_path / "out")], input="The bank\nof a river\n"
    )
    assert result.exit_code == 0, result.output
    assert [text for text, _ in read_back(tmp_path / "out", "hdf5", RowSettings())] == [
        "The bank",
        "of a river",
    ]
