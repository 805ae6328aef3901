"""Where lessons are found: those that ship, and a teacher's own."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from elmo_core.exceptions import InputError
from elmo_core.lessons.lesson import Lesson, read_lesson
from elmo_core.shipped import shipped


def own_folder() -> Path:
    """Folder of a teacher's lessons: ELMO_LESSONS, else `lessons` in the user's data folder."""
    return Path(os.environ.get("ELMO_LESSONS") or user_data_path("elmo-explorer") / "lessons")


def find_lessons() -> tuple[list[Lesson], list[str]]:
    """Read all lessons, those that ship first, each folder in the order of its file names.

    A lesson of a teacher takes the place of a shipped one of the same name.

    Returns:
        The lessons, and a sentence for each file that is none.
    """
    lessons: dict[str, Lesson] = {}
    faults = []
    for folder in (shipped("data/lessons"), own_folder()):
        for path in sorted(folder.glob("*.md")):
            if path.name.casefold() == "readme.md":
                continue
            try:
                lesson = read_lesson(path)
                lessons[lesson.slug] = lesson
            except InputError as error:
                faults.append(str(error))
    return list(lessons.values()), faults
