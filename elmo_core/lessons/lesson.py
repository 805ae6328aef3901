"""A lesson as a Markdown file: a title, and steps of text, each followed by a question in a fenced block.

    # One word, many meanings

    A language model read 46 sentences with *bank* ...

    ```predict
    question = "Which vectors tell the two meanings apart best?"
    right = "largest"
    expected = "context"
    holds = "The context tells them apart: {context}."
    fails = "This model does not: {context}."

    [options.context]
    text = "The context"
    measure = "nearest sense"
    word = "bank"
    view = "Context"
    ...
    ```

    What follows is shown after the prediction, with {context} as it was measured.

The block is TOML. With several options, `right` is "largest" or "smallest", and `expected` names the option
that the lesson expects to be right. With a `margin` there is one more choice, "equal": no option leads by
more than that. With one option, the learner types its value; `within` says how near is right, and `expected`
is a range.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from elmo_core.exceptions import InputError
from elmo_core.lessons.measures import MEASURES, PERCENT, arguments_of

MAX_CHARACTERS = 100_000
EQUAL = "equal"
"""The answer that no option leads by more than the margin."""
_BLOCK = re.compile(r"^```predict[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_PLACE = re.compile(r"\{(\w+)\}")
_KEYS = {"question", "right", "expected", "holds", "fails", "margin", "within", "options"}
_NEEDED = ("question", "expected", "holds", "fails", "options")
_TYPES = {"str": str, "int": int, "list[str]": list}


@dataclass(frozen=True)
class Option:
    """One thing that is measured."""

    name: str
    text: str
    measure: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A question that the learner answers before the answer is measured."""

    text: str
    options: tuple[Option, ...]
    """Several options to choose from, or one whose value is to be estimated."""
    is_largest: bool
    """Whether the option with the largest value is right; otherwise that with the smallest."""
    expected: str | tuple[float, float]
    """What the lesson expects to be right: an option, `EQUAL`, or the range of the one value."""
    holds: str
    """Text where the measurement is as the lesson expects."""
    fails: str
    """Text where it is not."""
    margin: float
    """Lead that counts as one, in the unit on screen; 0 = any."""
    within: float
    """How far an estimate may be off, in the unit on screen."""

    @property
    def digest(self) -> str:
        """Key of the question: equal questions have equal ones."""
        return sha256(repr(self).encode()).hexdigest()

    @property
    def is_estimate(self) -> bool:
        """Whether the learner types a number."""
        return len(self.options) == 1

    @property
    def is_percent(self) -> bool:
        """Whether values are shown in percent."""
        return MEASURES[self.options[0].measure][1] == PERCENT


@dataclass(frozen=True)
class LessonStep:
    """Some text, and the question after it; the last step has none."""

    text: str
    question: Question | None


@dataclass(frozen=True)
class Lesson:
    """A lesson that can be walked."""

    slug: str
    """Name in a link: that of the file without its number."""
    title: str
    steps: tuple[LessonStep, ...]


def read_lesson(path: Path) -> Lesson:
    """Read a lesson.

    Raises:
        InputError: the file is no lesson; the message names file, line and remedy.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path.name} cannot be read as text; save it as UTF-8.") from None
    return parse_lesson(text, path.name)


def parse_lesson(text: str, name: str) -> Lesson:
    """Read the text of a lesson; see the top of this module.

    Args:
        text: Markdown.
        name: of its file, for the link and for messages.

    Raises:
        InputError: as `read_lesson`.
    """
    text = text.replace("\r\n", "\n")
    if len(text) > MAX_CHARACTERS:
        raise InputError(f"{name} has {len(text):,} characters; a lesson has at most {MAX_CHARACTERS:,}.")
    title, _, body = text.lstrip("\n").partition("\n")
    if not title.startswith("# "):
        raise _fault(name, 1, "A lesson begins with its title; write it as '# Title'")
    start = text.index(title) + len(title) + 1
    if (at := body.find("![")) >= 0:
        raise _fault(name, _line(text, start + at), "Pictures are not shown in a lesson; leave it out")
    steps, before, known = [], 0, set[str]()
    for block in _BLOCK.finditer(body):
        question = _question(block[1], name, _line(text, start + block.start()))
        steps.append(LessonStep(body[before : block.start()].strip(), question))
        before = block.end()
        twice = known & {option.name for option in question.options}
        if twice:
            line = _line(text, start + block.start())
            raise _fault(name, line, f"The option {min(twice)!r} is in two questions; rename one")
        known |= {option.name for option in question.options}
    if "```predict" in (rest := body[before:]):
        line = _line(text, start + before + rest.index("```predict"))
        raise _fault(name, line, "This block does not end; close it with a line of ```")
    if not steps:
        raise _fault(name, 1, "A lesson asks for a prediction; add a block that begins with ```predict")
    lesson = Lesson(_slug(name), title[2:].strip(), (*steps, LessonStep(rest.strip(), None)))
    _check_places(lesson, text, name)
    return lesson


def fill(text: str, values: dict[str, str]) -> str:
    """Put measured values into a text that names them as {option}; a name without a value stays."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _slug(name: str) -> str:
    return re.sub(r"^\d+[-_ ]*", "", Path(name).stem) or Path(name).stem


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def _fault(name: str, line: int, message: str) -> InputError:
    return InputError(f"{name}, line {line}: {message}.")


def _question(block: str, name: str, line: int) -> Question:
    """Read a block that begins at a line of the file."""
    try:
        values = tomllib.loads(block)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        place = line + int(at[1]) if at else line
        raise _fault(name, place, f"The block is not TOML ({error}); mend this line") from None
    if wrong := _wrong_key(values):
        raise _fault(name, line, wrong)
    options = tuple(_options(values["options"], block, name, line))
    names = [option.name for option in options]
    if EQUAL in names:
        raise _fault(name, line, f"{EQUAL!r} is no name for an option; rename it")
    if len({MEASURES[option.measure][1] for option in options}) > 1:
        raise _fault(name, line, "The options have different units; measure the same thing in all of them")
    margin = float(values.get("margin", 0))
    allowed = [*names, EQUAL] if margin and len(names) > 1 else names
    return Question(
        text=values["question"],
        options=options,
        is_largest=values.get("right", "largest") == "largest",
        expected=_expected(values["expected"], allowed, name, line),
        holds=values["holds"],
        fails=values["fails"],
        margin=margin,
        within=float(values.get("within", 0)),
    )


def _wrong_key(values: dict[str, Any]) -> str:
    """What is wrong with the keys of a block, and what to do; empty if nothing is."""
    if unknown := sorted(values.keys() - _KEYS):
        return f"The block has no {unknown[0]!r}; it has {', '.join(sorted(_KEYS))}"
    for key in _NEEDED:
        if not values.get(key):
            return f"The block lacks {key!r}; add it"
    for key in ("question", "holds", "fails"):
        if not isinstance(values[key], str):
            return f"{key!r} is a text in quotation marks; write it so"
    for key in ("margin", "within"):
        number = values.get(key, 0)
        if not isinstance(number, int | float) or number < 0:
            return f"{key!r} is a number from 0 up; write it so"
    if values.get("right", "largest") not in ("largest", "smallest"):
        return "'right' is 'largest' or 'smallest'; write one of them"
    return ""


def _expected(value: Any, names: list[str], name: str, line: int) -> str | tuple[float, float]:
    if len(names) > 1:
        if value not in names:
            offered = ", ".join(names)
            raise _fault(name, line, f"'expected' is one of the options; write one of {offered}")
        return str(value)
    is_range = isinstance(value, list) and len(value) == 2
    if not is_range or not all(isinstance(end, int | float) for end in value) or value[0] > value[1]:
        raise _fault(name, line, "'expected' is a range for one option; write it as [low, high]")
    return float(value[0]), float(value[1])


def _options(values: Any, block: str, name: str, first: int) -> Iterator[Option]:
    if not isinstance(values, dict) or not all(isinstance(value, dict) for value in values.values()):
        raise _fault(name, first, "Options are tables; write each under a line such as [options.context]")
    for key, given in values.items():
        at = block.find(f"[options.{key}]")
        line = first + 1 + block.count("\n", 0, at) if at >= 0 else first
        arguments = dict(given)
        text, measure = arguments.pop("text", ""), arguments.pop("measure", "")
        if not isinstance(text, str) or not text:
            raise _fault(name, line, f"The option {key!r} lacks its 'text'; add it")
        if measure not in MEASURES:
            raise _fault(name, line, f"There is no measure {measure!r}; write one of {', '.join(MEASURES)}")
        wanted = arguments_of(measure)
        if arguments.keys() != wanted.keys():
            raise _fault(name, line, f"The measure {measure!r} takes {', '.join(wanted)}; give just these")
        for argument, kind in wanted.items():
            if type(arguments[argument]) is not _TYPES[kind]:
                raise _fault(name, line, f"{argument!r} of {measure!r} has the type {kind}; write it so")
        yield Option(key, text, measure, arguments)


def _check_places(lesson: Lesson, text: str, name: str) -> None:
    """Refuse a {name} that no question has measured before it."""
    known: set[str] = set()
    for step in lesson.steps:
        _check_known(step.text, known, text, name)
        if step.question:
            known |= {option.name for option in step.question.options}
            for part in (step.question.holds, step.question.fails):
                _check_known(part, known, text, name)


def _check_known(part: str, known: set[str], text: str, name: str) -> None:
    for found in _PLACE.finditer(part):
        if found[1] not in known:
            line = _line(text, text.index(found[0]))
            raise _fault(name, line, f"Nothing called {found[1]!r} has been measured yet; name an option")
