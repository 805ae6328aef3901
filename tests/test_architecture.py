"""Rules that neither import-linter nor ruff expresses, and a run of import-linter (see pyproject.toml)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE, PAGES = (sorted((ROOT / folder).rglob("*.py")) for folder in ("elmo_core", "pages"))
PROGRAMS = [*CORE, *PAGES, *sorted((ROOT / "bench").rglob("*.py")), ROOT / "app.py"]
MOST_LINES, MOST_LINES_OF_A_PAGE = 320, 100
UNSAFE_KEYWORDS = {"allow_pickle", "unsafe_allow_html"}


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_name(path: Path) -> str:
    """`pages.senses.cards` for pages/senses/cards.py."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def unsafe_keywords(text: str) -> list[str]:
    """Keywords that switch a protection off: all but a literal False."""
    if not any(name in text for name in UNSAFE_KEYWORDS):
        return []
    module = ast.parse(text)
    keywords = [
        keyword for call in ast.walk(module) if isinstance(call, ast.Call) for keyword in call.keywords
    ]
    return [
        f"{keyword.value.lineno}: {keyword.arg}"
        for keyword in keywords
        if keyword.arg in UNSAFE_KEYWORDS
        and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
    ]


def imported_pages(path: Path) -> set[str]:
    """Modules of `pages` that a module imports: `from pages.common import jobs` gives `pages.common.jobs`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pages"):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.startswith("pages")}
    return found


def reached(start: str, imports: dict[str, set[str]]) -> set[str]:
    """The modules that one imports, and those that these import."""
    found: set[str] = set()
    left = [start]
    while left:
        new = {name for name in imports[left.pop()] if name in imports} - found
        found |= new
        left += new
    return found


def test_imports_keep_the_contracts():
    code = "import sys; from importlinter import cli; sys.exit(cli.lint_imports(no_cache=True))"
    # in a process of its own: it silences the loggers of the one that it runs in
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_contributing_lists_the_rooms_in_the_order_of_the_layers():
    """A room of `layers` (pyproject.toml) that is missing here needs its line in CONTRIBUTING.md."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (core,) = (contract for contract in contracts["contracts"] if contract["id"] == "core")
    ranks = {name: rank for rank, line in enumerate(core["layers"]) for name in re.findall(r"\w+", line)}
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("elmo_core/\n")[1].split("```")[0]
    rooms = [name.removesuffix(".py") for name in re.findall(r"^  ([\w.]+)", tree, flags=re.MULTILINE)]
    assert set(rooms) == set(ranks) - {"__main__"}
    assert rooms == sorted(rooms, key=lambda room: ranks[room])


def test_no_protection_is_switched_off():
    found = {shown(path): unsafe_keywords(path.read_text(encoding="utf-8")) for path in PROGRAMS}
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize("value", ["True", "flag"])
def test_a_protection_switched_off_is_found(value):
    assert unsafe_keywords(f"np.load('x', allow_pickle={value})")


def test_files_are_short():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in [*CORE, *PAGES]}
    most = {path: MOST_LINES_OF_A_PAGE if path.name == "page.py" else MOST_LINES for path in lengths}
    assert not {shown(path): lines for path, lines in lengths.items() if lines > most[path]}


def test_what_pages_share_serves_more_than_one():
    """A module of pages.common that only one page reaches belongs to that page."""
    imports = {module_name(path): imported_pages(path) for path in PAGES}
    pages = [reached(name, imports) for name in imports if name.endswith(".page")]
    of_the_frame = reached("pages.frame", imports)
    assert len(pages) == 10
    shared = {name for name in imports if name.startswith("pages.common.")} - {"pages.common.__init__"}
    assert not {name for name in shared - of_the_frame if sum(name in page for page in pages) < 2}


def test_a_class_name_means_one_thing():
    pattern = re.compile(r"^class ([A-Za-z]\w*)", re.MULTILINE)
    names = Counter(name for path in PROGRAMS for name in pattern.findall(path.read_text(encoding="utf-8")))
    assert [name for name, n in names.items() if n > 1] == []
