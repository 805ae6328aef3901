"""Outputs: what is claimed, what is refused, and what a kill leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from elmo_core.exceptions import InputError, ModelError, OutputError
from elmo_core.files import (
    OutputKind,
    atomic_file,
    claim_output,
    file_fingerprint,
    require_space,
)
from elmo_core.locking import locked

NOTE = OutputKind("a note", lambda path: path.read_bytes().startswith(b"note:"))
BOX = OutputKind("a box", lambda path: (path / "lid").is_file(), frozenset({"lid", "content"}))
HEAP = OutputKind("a heap", lambda path: (path / "stone").is_file(), grows=True)


def make(path: Path, content: str = "years of work") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def link(source: Path, target: Path) -> Path:
    os.link(source, target)
    return target


def symlink(source: Path, target: Path) -> Path:
    target.symlink_to(source)
    return target


REFUSED = {
    "the input": lambda tmp, source: source,
    "the input by another path": lambda tmp, source: tmp / "sub" / ".." / source.name,
    "a hard link of the input": lambda tmp, source: link(source, tmp / "hard"),
    "a symbolic link to the input": lambda tmp, source: symlink(source, tmp / "soft"),
    "a link to a link": lambda tmp, source: symlink(symlink(source, tmp / "soft"), tmp / "softer"),
    "a file in a folder that is an input": lambda tmp, source: make(tmp / "in" / "words.txt"),
    "a file of somebody else": lambda tmp, source: make(tmp / "thesis"),
    "a link to a file of somebody else": lambda tmp, source: symlink(make(tmp / "thesis"), tmp / "soft"),
    "a folder with files": lambda tmp, source: make(tmp / "full" / "thesis").parent,
    "a device": lambda tmp, source: Path("/dev/null"),
    "no folder there": lambda tmp, source: tmp / "missing" / "out",
    "a file in place of the folder": lambda tmp, source: source / "out",
    "a folder that cannot be written": lambda tmp, source: Path("/proc/out"),
    "nothing": lambda tmp, source: "",
    "a name that is too long": lambda tmp, source: tmp / ("x" * 260),
}


@pytest.mark.parametrize("kind", [NOTE, BOX, HEAP], ids=["file", "folder", "growing folder"])
@pytest.mark.parametrize("case", REFUSED)
def test_what_must_not_be_written_is_refused_in_one_sentence(tmp_path, kind, case):
    source = make(tmp_path / "source.txt")
    (tmp_path / "sub").mkdir()
    target = REFUSED[case](tmp_path, source)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with (
        pytest.raises(OutputError) as caught,
        claim_output(target, kind=kind, inputs=[source, tmp_path / "in", tmp_path / "gone"]),
    ):
        raise AssertionError("claimed")
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.endswith(".")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "case", [case for case in REFUSED if "input" in case and "folder" not in case] + ["a device"]
)
def test_overwrite_never_means_an_input(tmp_path, case):
    source = make(tmp_path / "source.txt")
    (tmp_path / "sub").mkdir()
    with (
        pytest.raises(OutputError),
        claim_output(REFUSED[case](tmp_path, source), kind=NOTE, inputs=[source], overwrite=True),
    ):
        pass


def test_an_empty_folder_may_be_filled_and_is_no_file(tmp_path):
    for kind in (BOX, HEAP):
        with claim_output(tmp_path, kind=kind) as place:
            assert place == tmp_path.resolve()
    with pytest.raises(OutputError, match="is a folder; name a file"), claim_output(tmp_path, kind=NOTE):
        pass


def test_our_own_files_are_known_by_content_and_others_only_by_overwrite(tmp_path):
    mine, other, empty = make(tmp_path / "mine", "note: a"), make(tmp_path / "note"), tmp_path / "empty"
    empty.touch()
    for target, overwrite in ((mine, False), (other, True), (empty, False), (tmp_path / "new", False)):
        with claim_output(target, kind=NOTE, overwrite=overwrite) as place, atomic_file(place) as partial:
            partial.write_text("note: b")
        assert target.read_text() == "note: b"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "mine", "new", "note"]


def test_overwrite_never_removes_a_file_that_has_no_place_in_the_folder(tmp_path):
    make(tmp_path / "box" / "lid", "")
    make(tmp_path / "box" / "thesis")
    with (
        pytest.raises(OutputError, match="holds thesis, which is not part of a box"),
        claim_output(tmp_path / "box", kind=BOX, overwrite=True),
    ):
        pass


def test_a_link_to_our_own_file_stays_a_link(tmp_path):
    target = symlink(make(tmp_path / "mine", "note: a"), tmp_path / "link")
    with claim_output(target, kind=NOTE) as place, atomic_file(place) as partial:
        partial.write_text("note: b")
    assert target.is_symlink() and (tmp_path / "mine").read_text() == "note: b"


@pytest.mark.parametrize("kind", [NOTE, HEAP], ids=["file", "growing folder"])
def test_two_writers_are_kept_apart(tmp_path, kind):
    refused = []

    def claim() -> None:
        try:
            with claim_output(tmp_path / "out", kind=kind):
                pass
        except OutputError as error:
            refused.append(str(error))

    with claim_output(tmp_path / "out", kind=kind), claim_output(tmp_path / "out", kind=kind):
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join()
        script = "import sys\nfrom tests.test_files import *\nwith claim_output(sys.argv[1], kind=%s): pass"
        name = "NOTE" if kind is NOTE else "HEAP"
        run = subprocess.run(
            [sys.executable, "-c", script % name, str(tmp_path / "out")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert len(refused) == 1 and "is being written by another process" in refused[0]
    assert "is being written by another process" in run.stderr
    claim()
    assert len(refused) == 1
    assert not list(tmp_path.iterdir())


_KILLED = """
import os, signal, sys
from pathlib import Path
from elmo_core import files
from elmo_core.files import atomic_folder
from tests.test_files import BOX

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

step, target = sys.argv[1], Path(sys.argv[2])
if step == "between the renames":
    files._exchange = lambda one, other: False
    rename = Path.rename
    Path.rename = lambda self, to: die() if self.suffix == ".partial" else rename(self, to)
if step == "after the exchange":
    files.shutil.rmtree = die
with atomic_folder(target, BOX) as partial:
    (partial / "lid").write_text("new")
    if step == "while writing":
        die()
    (partial / "content").write_text("new")
"""


@pytest.mark.parametrize("step", ["while writing", "between the renames", "after the exchange"])
def test_a_folder_is_there_after_a_kill_at_any_step(tmp_path, step):
    target = make(tmp_path / "box" / "lid", "old").parent
    run = subprocess.run([sys.executable, "-c", _KILLED, step, str(target)], check=False)
    assert run.returncode == -signal.SIGKILL
    with claim_output(target, kind=BOX) as place:
        content = (place / "lid").read_text()
    assert content == ("new" if step == "after the exchange" else "old")
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_a_full_disk_is_one_sentence_and_keeps_what_was_there(tmp_path):
    target = make(tmp_path / "note", "note: a")
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "import sys; from tests.test_files import *\n"
        "with claim_output(sys.argv[1], kind=NOTE) as place, atomic_file(place) as partial:\n"
        "    partial.write_bytes(b'x' * 5000)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(target)], capture_output=True, text=True, check=False
    )
    assert "OutputError" in run.stderr and "could not be written (File too large)" in run.stderr
    assert target.read_text() == "note: a" and [path.name for path in tmp_path.iterdir()] == ["note"]


def test_an_error_of_another_file_is_not_the_output_s(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "note") as partial:
        partial.write_text((tmp_path / "gone").read_text())
    assert not list(tmp_path.iterdir())


def test_space_is_asked_for_before_the_work(tmp_path):
    require_space(tmp_path, 1, "This")
    with pytest.raises(OutputError, match=r"This needs about 1,000,000,000\.0 GB, and .* free"):
        require_space(tmp_path, 1e18, "This")


def test_a_fingerprint_sees_a_change_in_the_middle(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"a" * 3_000_000)
    before = file_fingerprint(path)
    with path.open("r+b") as stream:
        stream.seek(1_500_000)
        stream.write(b"b")
    assert file_fingerprint(path) != before


def test_waiting_for_a_lock(tmp_path):
    order = []

    def second() -> None:
        with locked(tmp_path / "lock", wait=True):
            order.append("second")

    with locked(tmp_path / "lock"):
        thread = threading.Thread(target=second)
        thread.start()
        with pytest.raises(BlockingIOError), locked(tmp_path / "lock"):
            pass
        order.append("first")
    thread.join()
    assert order == ["first", "second"] and not list(tmp_path.iterdir())


def test_refusals_are_caught_as_before():
    assert issubclass(OutputError, InputError) and issubclass(OutputError, ModelError)
