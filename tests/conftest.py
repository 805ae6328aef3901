"""What every test gets (fixed seeds, one thread) and where tests find data from outside the project."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from elmo_core import Elmo, load_elmo
from tests.encoders.random_bert import write_random_bert

ROOT = Path(__file__).resolve().parents[1]
LONGEST = ("pages", "notebooks", "pretraining")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Number parameters that are bytes: a packed file has another time in it in each process."""
    return argname if isinstance(val, bytes) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of the longest tests, so that no worker has one of them left for the end."""
    items.sort(key=lambda item: not any(f"/{folder}/" in item.nodeid for folder in LONGEST))


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """The same random numbers in every test, and one thread for each of the parallel test workers."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 (libraries draw from the global generator)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)  # a training run switches it on for its thread


@pytest.fixture(scope="module")
def elmo() -> Elmo:
    """The small model with random weights (`load_elmo("tiny")`), one for the tests of a file."""
    return load_elmo("tiny")


@pytest.fixture(scope="session")
def random_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small transformer with random weights; without their library the test is skipped."""
    pytest.importorskip(
        "transformers", reason="the extra [transformers] is not installed", exc_type=ImportError
    )
    path = tmp_path_factory.mktemp("models") / "random-bert"
    write_random_bert(path)
    return path


@pytest.fixture(scope="session")
def headless_bert(random_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the same transformer without its masked-LM head."""
    import transformers

    path = tmp_path_factory.mktemp("models") / "headless-bert"
    shutil.copytree(random_bert, path)
    transformers.AutoModel.from_pretrained(random_bert).save_pretrained(path)
    return path


def _existing(folder: Path, variable: str) -> Path:
    """The folder, or skip the test that asks for it."""
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}; set {variable} to the folder that holds this data")
    return folder


def _shared() -> Path:
    return Path(os.environ.get("ELMO_SHARED") or ROOT.parent / "shared")


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Data kept beside the project: ELMO_SHARED, else ../shared."""
    return _existing(_shared(), "ELMO_SHARED")


@pytest.fixture(scope="session")
def fixtures_dir() -> Path:
    """Official ELMo files with their expected vectors."""
    return _existing(_shared() / "fixtures", "ELMO_SHARED")


@pytest.fixture(scope="session")
def benchmarks_dir() -> Path:
    """Benchmark data sets: ELMO_BENCHMARKS, else the folder in `shared_dir`."""
    return _existing(Path(os.environ.get("ELMO_BENCHMARKS") or _shared() / "benchmarks"), "ELMO_BENCHMARKS")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium; without one the test is skipped, or fails where ELMO_BROWSER_REQUIRED=1."""
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        stop = pytest.fail if os.environ.get("ELMO_BROWSER_REQUIRED") == "1" else pytest.skip
        stop(f"there is no browser here: install one of {', '.join(BROWSERS)}")
    return found
