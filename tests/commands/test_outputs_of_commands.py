"""Every command that writes refuses the same outputs, before its work, in one line, and harms no input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.weights.folder import write_folder
from elmo_core.weights.tiny import tiny_model

COMMANDS = {
    "embed": ["embed", "tiny", "text.txt", "OUT"],
    "embed to arrays": ["embed", "tiny", "text.txt", "OUT", "--format", "arrays"],
    "embed to parquet": ["embed", "tiny", "text.txt", "OUT", "--format", "parquet"],
    "export": ["export", "model", "OUT"],
    "snapshot": ["snapshot", "model", "OUT"],
    "pretrain": ["pretrain", "config.json", "--train", "text.txt", "--valid", "text.txt", "--output", "OUT"],
    "word2vec": ["word2vec", "--train", "text.txt", "--output", "OUT"],
    "index": ["index", "tiny", "OUT", "--text", "text.txt"],
    "classify train": ["classify", "train", "table.csv", "OUT", "--model", "tiny"],
    "classify predict": ["classify", "predict", "model", "table.csv", "OUT"],
    "tag train": ["tag", "train", "tags.conll", "OUT", "--model", "tiny"],
    "tag predict": ["tag", "predict", "model", "text.txt", "OUT"],
}
INPUTS = {
    "text.txt": "The bank raised rates.\n" * 5,
    "table.csv": "text,label\nThe bank.,a\nA river.,b\n" * 5,
    "tags.conll": "Ann\tB-PER\nsat\tO\n\n" * 5,
    "config.json": "{}",
}


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with one of each input, and with what is not to be written."""
    monkeypatch.chdir(tmp_path)
    for name, content in INPUTS.items():
        (tmp_path / name).write_text(content)
    write_folder(tiny_model(), tmp_path / "model")
    (tmp_path / "thesis.html").write_text("years of work")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis").write_text("years of work")
    return tmp_path


def outputs(arguments: list[str]) -> dict[str, str]:
    source = Path(next(name for name in arguments if name in INPUTS or name == "model"))
    inside = next((path for path in sorted(source.iterdir())), source) if source.is_dir() else source
    os.link(inside, "hard.html")
    Path("soft.html").symlink_to(source)
    return {
        "an input": str(source),
        "an input by another path": f"full/../{source}",
        "a hard link of an input": "hard.html",
        "a link to an input": "soft.html",
        "a file of somebody else": "thesis.html",
        "a folder with files": "full",
        "the working folder": ".",
        "a missing folder": "missing/out.html",
        "a folder that cannot be written": "/proc/out.html",
        "a device": "/dev/null",
        "nothing": "",
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_an_impossible_output_is_one_line_and_harms_nothing(work, name):
    cases = outputs(COMMANDS[name])
    if name not in ("classify predict", "tag predict"):
        cases["standard output"] = "-"
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    for case, out in cases.items():
        result = CliRunner().invoke(app, [out if part == "OUT" else part for part in COMMANDS[name]])
        assert result.exit_code == 2, (case, result.output, result.exception)
        (line,) = result.stderr.splitlines()
        assert line.startswith("Error: ") and line.rstrip().endswith("."), (case, line)
        assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before, case


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in ("pretrain", "snapshot")])
def test_overwrite_is_no_leave_to_write_an_input(work, name):
    source = Path(next(part for part in COMMANDS[name] if part in INPUTS or part == "model"))
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    arguments = [str(source) if part == "OUT" else part for part in COMMANDS[name]]
    result = CliRunner().invoke(app, [*arguments, "--overwrite"])
    assert result.exit_code == 2 and len(result.stderr.splitlines()) == 1
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
