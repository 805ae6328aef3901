"""What an installed package holds, declares and imports."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import elmo_core
from elmo_core.commands.explorer import names_of
from elmo_core.exceptions import MissingExtraError
from elmo_core.extras import extra
from elmo_core.shipped import shipped

ROOT = Path(__file__).resolve().parents[1]
CORE, PAGES = (sorted((ROOT / folder).rglob("*.py")) for folder in ("elmo_core", "pages"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OPTIONAL = ("gensim", "lancedb", "numba", "pandas", "plotly", "ray", "streamlit", "umap")
"""Modules that the core does without."""


def declared(*extras: str) -> set[str]:
    """Names of the distributions that the package and some of its extras require."""
    found: set[str] = set()
    for line in [*PROJECT["dependencies"], *(line for name in extras for line in EXTRAS[name])]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found |= declared(*requirement.extras)
        else:
            found.add(canonicalize_name(requirement.name))
    return found


def foreign_imports(node: ast.AST, inside: str | None = None) -> Iterator[tuple[str, str | None]]:
    """(module, extra) of all that is imported from others; the extra is that of the `with` around it."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    if isinstance(node, ast.With):
        (call,) = (item.context_expr for item in node.items[:1])
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "extra":
            inside = ast.literal_eval(call.args[0])
    modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and not node.level:
        modules = [str(node.module)]
    for module in modules:
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names | {"elmo_core", "pages", "app"}:
            yield top, inside
    for child in ast.iter_child_nodes(node):
        yield from foreign_imports(child, inside)


@pytest.mark.parametrize(
    ("sources", "usual"),
    [(CORE, ()), ([*PAGES, ROOT / "app.py"], ("app",))],
    ids=["elmo_core", "app"],
)
def test_what_is_imported_is_declared(sources: list[Path], usual: tuple[str, ...]):
    distributions = packages_distributions() | {"ray": ["ray"]}  # not installed for the tests
    missing = {}
    for source in sources:
        own = ("plots",) if source.is_relative_to(ROOT / "elmo_core/plots") else usual
        for module, name in foreign_imports(ast.parse(source.read_text(encoding="utf-8"))):
            names = {canonicalize_name(one) for one in distributions[module]}
            if not names & declared(*own, *([name] if name else [])):
                missing[source] = module
    assert not missing


def pinned(name: str) -> dict[str, Requirement]:
    """The lines of a requirements file by the name of the distribution, where they hold on this machine."""
    lines = (
        line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    )
    found = [Requirement(line) for line in lines if line and not line.startswith("-r")]
    return {canonicalize_name(one.name): one for one in found if one.marker is None or one.marker.evaluate()}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-distributed.txt"])
def test_the_lock_agrees_with_the_pins(name: str):
    locked = pinned("requirements.lock")
    assert {one: str(pin.specifier) for one, pin in pinned(name).items()} == {
        one: str(locked[one].specifier) for one in pinned(name)
    }, "call `make lock`"


def test_the_lock_names_all_that_the_pins_need():
    locked, left = pinned("requirements.lock"), [*pinned("requirements-dev.txt"), *pinned("requirements.txt")]
    seen: set[str] = set()
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for line in requires(name) or ():
            needed = Requirement(line)
            if needed.marker is None or needed.marker.evaluate({"extra": ""}):
                left.append(canonicalize_name(needed.name))
    assert not seen - set(locked), "call `make lock`"


def test_what_is_declared_is_pinned_for_the_app():
    pins = pinned("requirements.txt")
    assert set(pins) == declared("app")
    for line in [*PROJECT["dependencies"], *(line for name in EXTRAS for line in EXTRAS[name])]:
        requirement = Requirement(line)
        if pin := pins.get(canonicalize_name(requirement.name)):
            (version,) = pin.specifier
            assert requirement.specifier.contains(version.version), line


def test_embedding_and_the_command_line_need_no_extra(tmp_path: Path):
    """In a process in which the modules of all extras are as if they were not installed."""
    code = f"""
import sys
for name in {OPTIONAL!r}:
    sys.modules[name] = None  # an import of it fails
from elmo_core import ElmoClassifier, ElmoTagger, load_elmo, load_static
found = load_elmo("tiny").embed(["The bank raised rates."])
assert found[0].layers.shape == (3, 5, 16)
load_static("english-word2vec")
import elmo_core.__main__, elmo_core.commands.explorer
from elmo_core.exceptions import MissingExtraError
for module in ("plots", "plots.maps"):
    try:
        __import__("elmo_core." + module)
    except MissingExtraError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("needs plotly, which is not installed: pip install 'elmo-explorer[plots]'") == 2


@pytest.mark.parametrize("name", list(EXTRAS))
def test_a_missing_extra_is_one_sentence(name):
    with pytest.raises(MissingExtraError, match=rf"needs no_such, .*elmo-explorer\[{name}\]'$"), extra(name):
        raise ModuleNotFoundError(name="no_such")
    with pytest.raises(ZeroDivisionError), extra(name):
        raise ZeroDivisionError


def test_what_ships_is_found_from_any_folder(tmp_path: Path):
    code = (
        "from elmo_core.shipped import shipped\n"
        "from elmo_core.weights.registry import known_models\n"
        "from elmo_core.static.registry import known_static\n"
        "names = ('app.py', 'pages/frame.py', '.streamlit/config.toml', 'data/samples/senses.csv')\n"
        "assert all(shipped(name).is_file() for name in names)\n"
        "print([one.name for one in known_models() if one.kind == 'shipped'], known_static())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=_with_path(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[0] == "['english-small'] ('english-word2vec',)"


def test_the_build_ships_whole_folders():
    """The files that the build copies are those that stand in the project."""
    tree = ast.parse((ROOT / "setup.py").read_text(encoding="utf-8"))
    (names,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SHIPPED"
    )
    assert all(shipped(name).exists() for name in names)
    assert (
        ROOT / "elmo_core" / "py.typed"
    ).is_file()  # type checkers read the annotations of a package with it
    in_source = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").split()
    assert not [name for name in names if name not in in_source]


@pytest.mark.parametrize(
    ("module", "said"), [("elmo_core", "elmo "), ("elmo_core.commands.explorer", "elmo-explorer ")]
)
def test_programs_say_their_version_and_their_help(module: str, said: str, tmp_path: Path):
    for option in ("--version", "-h", "--help"):
        done = subprocess.run(
            [sys.executable, "-m", module, option],
            cwd=tmp_path, env=_with_path(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said in done.stdout
        assert (done.stdout == f"{said}{elmo_core.__version__}\n") == (option == "--version")


def test_browsers_may_ask_for_the_app_by_the_names_of_this_machine_alone():
    assert names_of("127.0.0.1") == ["localhost", "127.0.0.1"]
    assert names_of("elmo.example.org")[-1] == "elmo.example.org"
    everywhere = names_of("0.0.0.0")
    assert set(everywhere) > {"localhost", "127.0.0.1", "0.0.0.0"} and "*" not in everywhere


def _with_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "40"}
