"""The Markdown files say what is true: the example runs, and what they name exists."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.main import get_command

from elmo_core.__main__ import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "bench/README.md"})
GUIDE = sorted(ROOT.glob("docs/guide/*.md"))
LEFT_TO_HISTORY = re.compile(r"`bench[/.]\w+(?:\.py)?` of commit")


def test_the_python_example_runs(capsys):
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "['The', 'bank', 'raised', 'rates', '.']"
    layers, tokens, _ = map(int, re.findall(r"\d+", printed[1]))
    assert (layers, tokens) == (3, 5)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_what_a_tree_names_is_there(name):
    tree = re.findall(r"^(?:  )?(?:[\w.]+(?:\.py|/) )+", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)
    names = " ".join(tree).split()
    assert len(names) > 5
    parents = ("", "elmo_core", "pages")
    assert not [name for name in names if not any((ROOT / parent / name).exists() for parent in parents)]


def test_the_honest_numbers_are_those_that_were_measured():
    scores = json.loads((ROOT / "data/models/english-small/scores.json").read_text(encoding="utf-8"))[
        "scores"
    ]
    rows = re.findall(r"\| ([\d.]+) \(([^)]+)\) \| \**([\d.]+), .*--tasks '?([\w ]+)'?`", README)
    assert len(rows) == 4
    for ours, method, beside, task in rows:
        values = {name: f"{value:.1f}" for name, value in scores[task].items()}
        assert values[method] == ours
        assert beside in values.values()


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_the_python_blocks_of_the_guide_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in re.findall(
        r"^```python\n(.*?)^```", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    ):
        exec(compile(block, page.name, "exec"), {})


@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDE], ids=lambda page: page.stem)
def test_commands_have_the_options_they_are_given(page):
    for line in re.findall(r"^(?:\w+=\S+ )?elmo (?=[a-z])(.+)$", page.read_text("utf-8"), flags=re.MULTILINE):
        command, words = get_command(app), shlex.split(line, comments=True)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        context = command.context_class(command, **command.context_settings)
        command.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_names_is_there(page):
    text = page.read_text(encoding="utf-8")
    missing = [
        target
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
        if not (page.parent / target).exists()
    ]
    if page.name != "CHANGELOG.md":  # it also names what is gone
        scripts = re.findall(r"\bbench[./](\w+)", LEFT_TO_HISTORY.sub("", text))
        missing += [name for name in scripts if name not in measurements() | {"NAME", "README"}]
    assert not missing


def test_every_measurement_is_described():
    described = set(re.findall(r"`(\w+)`", (ROOT / "bench/README.md").read_text(encoding="utf-8")))
    assert not measurements() - described


def measurements() -> set[str]:
    """Names of the modules and packages in bench/."""
    return {path.stem for path in (ROOT / "bench").iterdir() if path.suffix == ".py" or path.is_dir()} - {
        "__init__",
        "__pycache__",
    }
