"""Build step of the wheel: put the models, the samples and the app into the package.

In the project `data/`, `pages/` and `app.py` stand beside `elmo_core/`. Installed at the top level, names as
general as these would collide with other programs', so the wheel has the same tree in `elmo_core/_shipped/`,
where `elmo_core.shipped` finds it. An editable installation uses the project's own files and copies nothing.
All else about the package is in pyproject.toml.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = (
    "app.py", "pages", ".streamlit/config.toml",
    "data/glossary.md", "data/lessons", "data/models", "data/samples", "data/static",
)  # fmt: skip


class BuildWithShippedFiles(build_py):
    """The usual build of Python packages, and the files that ship with them."""

    def run(self) -> None:
        """Build, then copy what ships."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "elmo_core" / "_shipped"
        shutil.rmtree(target, ignore_errors=True)
        for name in SHIPPED:
            source, copy = ROOT / name, target / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
            else:
                shutil.copy2(source, copy)


setup(cmdclass={"build_py": BuildWithShippedFiles})
