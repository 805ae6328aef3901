"""The rules of the house, held over the syntax trees of all files.

exceptions < extras, shipped, locking < files < text.characters < config < text
    < nn, tables, measuring < weights < embedder, pretraining < serving
    < static, bulk, index, analysis, tasks < contrast < plots
    < the public face < the command line
    < pages.common < each page < pages (the frame, the warm-up) < app

Imports run downwards only, and groups of one rank do not import each other. An import inside a function
or under TYPE_CHECKING counts like any other.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

RANKS = {
    name: rank
    for rank, names in enumerate(
        [
            ["elmo_core.exceptions"],
            ["elmo_core.extras", "elmo_core.locking", "elmo_core.shipped"],
            ["elmo_core.files"],  # how outputs are claimed and written: by everybody
            ["elmo_core.text.characters"],  # the constants of the format: a leaf that config may read
            ["elmo_core.config"],
            ["elmo_core.text"],
            [
                "elmo_core.nn",
                "elmo_core.tables",
                "elmo_core.measuring",
            ],
            ["elmo_core.weights"],
            ["elmo_core.embedding"],  # how the embedder does it
            ["elmo_core.embedder", "elmo_core.pretraining"],
            ["elmo_core.serving"],  # an embedder that is shared
            [
                "elmo_core.static",
                "elmo_core.bulk",
                "elmo_core.index",
                "elmo_core.analysis",
                "elmo_core.tasks",
            ],
            ["elmo_core.contrast"],  # static against contextual: looks at both
            ["elmo_core.plots"],
            ["elmo_core"],
            ["elmo_core.commands"],
            ["elmo_core.__main__"],
            ["pages.common"],
            [f"pages.{name}" for name in ("senses", "static", "layers", "maps", "classify", "entities")],
            ["pages.warmup", "pages"],
            ["app"],
        ]
    )
    for name in names
}
MODEL_GROUPS = {"elmo_core.nn", "elmo_core.weights", "elmo_core.embedding", "elmo_core.embedder"}
PICKLING_MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
PICKLING_CALLS = {"torch.load", "pandas.read_pickle", "KeyedVectors.load", "Word2Vec.load", "FastText.load"}
UNSAFE_KEYWORDS = {"allow_pickle", "unsafe_allow_html", "shell"}


@dataclass(frozen=True)
class Source:
    """One Python file of the project."""

    name: str
    """Dotted name of the module; that of the package for an `__init__.py`."""
    path: str
    """Relative to the root of the project, with forward slashes."""
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @property
    def package(self) -> str:
        """What a relative import of one dot starts from."""
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]

    @cached_property
    def imports(self) -> list[tuple[int, str]]:
        """(line, dotted name) of all that is imported: `from a import b` gives `a.b`."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                parents = self.package.split(".")[: None if node.level < 2 else 1 - node.level]
                start = [*parents, node.module] if node.level else [node.module]
                base = ".".join(part for part in start if part)
                found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
        return found

    @cached_property
    def aliases(self) -> dict[str, str]:
        """What a name stands for here: `import numpy as np` gives np -> numpy."""
        found = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom):
                found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        return found

    def calls(self) -> Iterator[tuple[int, str, ast.Call]]:
        """(line, dotted name with aliases resolved, node) of every call of a plain dotted name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                first, _, rest = _dotted(node.func).partition(".")
                first = self.aliases.get(first, first)
                yield node.lineno, f"{first}.{rest}" if rest else first, node


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _read(pattern: str) -> list[Source]:
    sources = []
    for path in sorted(ROOT.glob(pattern)):
        relative = path.relative_to(ROOT)
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        sources.append(Source(name, relative.as_posix(), path.read_text(encoding="utf-8")))
    return sources


CORE = _read("elmo_core/**/*.py")
PAGES = _read("pages/**/*.py")
APP = _read("app.py")
BENCH = _read("bench/**/*.py")


def group_of(name: str) -> str | None:
    """The longest group that a dotted name lies in; None for what is not ours."""
    parts = name.split(".")
    groups = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((group for group in groups if group in RANKS), None)


def upward_imports(source: Source) -> Iterator[str]:
    """Imports that do not run downwards, one sentence each."""
    own = group_of(source.name)
    for line, name in source.imports:
        other = group_of(name)
        if other is None or other == own:
            continue
        if RANKS[other] >= RANKS[own]:
            yield f"{source.path}:{line} imports {name}, which is not below it"


def pickling(source: Source) -> Iterator[str]:
    """Imports and calls that can run code out of a file."""
    for line, name in source.imports:
        if name.split(".")[0] in PICKLING_MODULES or name in PICKLING_CALLS:
            yield f"{source.path}:{line} imports {name}"
    for line, name, _ in source.calls():
        if any(f".{name}".endswith(f".{call}") for call in PICKLING_CALLS):
            yield f"{source.path}:{line} calls {name}"


def unsafe_keywords(source: Source) -> Iterator[str]:
    """Keywords that switch a protection off; only a literal False is accepted."""
    for line, _, node in source.calls():
        for keyword in node.keywords:
            is_off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
            if keyword.arg in UNSAFE_KEYWORDS and not is_off:
                yield f"{source.path}:{line} passes {keyword.arg}"


def streamlit_imports(source: Source) -> Iterator[str]:
    """Imports of the front end's library."""
    for line, name in source.imports:
        if name.split(".")[0] == "streamlit":
            yield f"{source.path}:{line} imports {name}"


def model_imports(source: Source) -> Iterator[str]:
    """Imports of what holds a model."""
    for line, name in source.imports:
        if group_of(name) in MODEL_GROUPS:
            yield f"{source.path}:{line} imports {name}"


def check(rule: Callable[[Source], Iterator[str]], sources: list[Source]) -> None:
    found = [sentence for source in sources for sentence in rule(source)]
    assert not found, "\n".join(found)


def test_every_module_has_its_place():
    face = "elmo_core"
    homeless = [source.path for source in CORE if group_of(source.name) == face != source.name]
    assert not homeless, f"give these a rank in RANKS: {homeless}"


def test_imports_run_downwards():
    check(upward_imports, CORE + PAGES + APP)


def test_core_knows_no_streamlit():
    check(streamlit_imports, CORE)


def test_plots_take_results_never_models():
    check(model_imports, [source for source in CORE if group_of(source.name) == "elmo_core.plots"])


def test_nothing_unpickles():
    check(pickling, CORE + PAGES + APP + BENCH)


def test_no_protection_is_switched_off():
    check(unsafe_keywords, CORE + PAGES + APP + BENCH)


def test_files_are_short():
    """A page is thin, any other file holds one concept."""
    most = {source.path: 100 if source.path.endswith("/page.py") else 320 for source in CORE + PAGES}
    lengths = {source.path: source.text.count("\n") for source in CORE + PAGES}
    assert not {path: lines for path, lines in lengths.items() if lines > most[path]}


def reached(name: str, modules: dict[str, Source]) -> set[str]:
    """The modules that one imports, and those that these import."""
    found, left = set(), [name]
    while left:
        for _, imported in modules[left.pop()].imports:
            new = {one for one in (imported, imported.rpartition(".")[0]) if one in modules} - found
            found |= new
            left += new
    return found


def test_what_pages_share_serves_more_than_one():
    """A module of pages.common that only one page reaches belongs to that page."""
    modules = {source.name: source for source in PAGES}
    shared = {name for name in modules if name.startswith("pages.common.")} - reached("pages.frame", modules)
    by_page = [reached(name, modules) for name in modules if name.endswith(".page")]
    assert len(by_page) == 6
    assert not {name for name in shared if sum(name in found for found in by_page) < 2}


def test_every_core_module_says_what_it_is():
    assert not [source.path for source in CORE if not ast.get_docstring(source.tree)]


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (upward_imports, "elmo_core.exceptions", "import elmo_core.config"),
        (upward_imports, "elmo_core.config", "from elmo_core import text"),
        (upward_imports, "elmo_core.config", "from elmo_core.text import vocabulary"),
        (upward_imports, "elmo_core.nn.bilm", "from ..weights.folder import read_folder"),
        (upward_imports, "elmo_core.text.batching", "from elmo_core.nn import BiLM"),
        (upward_imports, "elmo_core.pretraining.loop", "def f():\n    from elmo_core.embedder import Elmo"),
        (upward_imports, "elmo_core.weights.folder", "from elmo_core import load_elmo"),
        (upward_imports, "elmo_core.plots.style", "import pages.common.theme"),
        (upward_imports, "pages.common.jobs", "from pages.senses import home"),
        (upward_imports, "pages.senses.home", "from pages.maps.home import draw"),
        (streamlit_imports, "elmo_core.tasks.table", "from streamlit import cache_data"),
        (model_imports, "elmo_core.plots.maps", "from elmo_core.nn.bilm import BiLM"),
        (pickling, "elmo_core.weights.folder", "import torch as t\nt.load('x')"),
        (pickling, "elmo_core.weights.folder", "from torch import load"),
        (pickling, "elmo_core.static.load", "from gensim.models import KeyedVectors as K\nK.load('x')"),
        (pickling, "bench.speed", "import pickle"),
        (unsafe_keywords, "elmo_core.weights.hdf5", "import numpy as np\nnp.load('x', allow_pickle=flag)"),
    ],
)
def test_rules_find_what_they_are_for(rule: Callable[[Source], Iterator[str]], name: str, text: str):
    assert list(rule(Source(name, name.replace(".", "/") + ".py", text)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("elmo_core.config", "from elmo_core.text.characters import N_CHARACTERS"),
        ("elmo_core.nn.bilm", "from elmo_core.nn import lstm\nfrom . import lstm\nimport torch"),
        ("elmo_core.text.vocabulary", "from .characters import UNKNOWN\nfrom ..exceptions import ModelError"),
        (
            "elmo_core.__main__",
            "from elmo_core.pretraining.loop import pretrain\nfrom elmo_core import load_elmo, plots",
        ),
        ("pages.senses.home", "from elmo_core import load_elmo\nfrom pages.common.loaders import senses"),
        ("app", "from pages.common.warm import warm_up"),
    ],
)
def test_rules_let_downward_imports_pass(name: str, text: str):
    assert not list(upward_imports(Source(name, name.replace(".", "/") + ".py", text)))
