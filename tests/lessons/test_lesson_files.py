"""Lessons as files: what is read, and the sentence about what is not."""

from __future__ import annotations

import pytest

from elmo_core.exceptions import InputError
from elmo_core.lessons.answers import Answer, read_answers, tally, write_answers
from elmo_core.lessons.checking import Measurement
from elmo_core.lessons.folders import find_lessons
from elmo_core.lessons.lesson import EQUAL, fill, parse_lesson

GOOD = """# Two banks

Some text.

```predict
question = "Which?"
right = "largest"
expected = "context"
margin = 5
holds = "Yes, {context}."
fails = "No, {context}."

[options.token]
text = "Token"
measure = "nearest sense"
word = "bank"
view = "Layer 0 (token)"

[options.context]
text = "Context"
measure = "nearest sense"
word = "bank"
view = "Context"
```

It was {token}.
"""
ESTIMATE = GOOD[: GOOD.index("[options.token]")] + GOOD[GOOD.index("[options.context]") :]
ESTIMATE = ESTIMATE.replace('expected = "context"', "expected = [80, 100]").replace("{token}", "{context}")


def test_a_lesson_is_read():
    lesson = parse_lesson(GOOD, "07-two-banks.md")
    assert (lesson.slug, lesson.title) == ("two-banks", "Two banks")
    first, last = lesson.steps
    assert (first.text, last.text, last.question) == ("Some text.", "It was {token}.", None)
    assert [option.name for option in first.question.options] == ["token", "context"]
    assert first.question.options[1].arguments == {"word": "bank", "view": "Context"}
    assert fill(last.text, {"token": "50%"}) == "It was 50%."
    assert parse_lesson(GOOD.replace("\n", "\r\n"), "a.md").title == "Two banks"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("# Two banks", "Two banks", 1, "# Title"),
        ("Some text.", "![](http://example.org/a.png)", 3, "Pictures"),
        ('question = "Which?"', "question = Which?", 6, "not TOML"),
        ('question = "Which?"', "", 5, "lacks 'question'"),
        ('holds = "Yes, {context}."', "holds = 3", 5, "quotation marks"),
        ("margin = 5", "margin = -5", 5, "number from 0"),
        ("margin = 5", "marginal = 5", 5, "no 'marginal'"),
        ('right = "largest"', 'right = "best"', 5, "'smallest'"),
        ('expected = "context"', 'expected = "nothing"', 5, "one of token, context, equal"),
        ('measure = "nearest sense"', 'measure = "beauty"', 13, "no measure 'beauty'"),
        ('view = "Layer 0 (token)"\n', "", 13, "takes word, view"),
        ('view = "Layer 0 (token)"', "view = 3", 13, "type str"),
        ('text = "Token"', "", 13, "lacks its 'text'"),
        ("It was {token}.", "It was {tokens}.", 26, "'tokens'"),
        ("view = \"Context\"\n```", 'view = "Context"', 5, "does not end"),
    ],
)  # fmt: skip
def test_a_bad_lesson_gets_one_sentence_with_its_line(old, new, line, words):
    assert old in GOOD
    with pytest.raises(InputError, match=r"^mine\.md, line \d+: [^\n]+\.$") as error:
        parse_lesson(GOOD.replace(old, new, 1), "mine.md")
    assert words in str(error.value)
    assert f"line {line}:" in str(error.value)


def test_a_teacher_adds_and_replaces_lessons(tmp_path, monkeypatch):
    monkeypatch.setenv("ELMO_LESSONS", str(tmp_path))
    shipped, faults = find_lessons()
    assert (len(shipped), faults) == (8, [])
    (tmp_path / "two-banks.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "02-layers.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.md").write_text("No title", encoding="utf-8")
    (tmp_path / "latin.md").write_bytes(b"# caf\xe9")
    lessons, faults = find_lessons()
    assert [lesson.slug for lesson in lessons] == [*(lesson.slug for lesson in shipped), "two-banks"]
    assert {lesson.slug: lesson.title for lesson in lessons}["layers"] == "Two banks"
    assert [fault.partition(" ")[0].strip(",") for fault in faults] == ["bad.md", "latin.md"]


def test_what_is_right_follows_from_values_and_margin():
    question = parse_lesson(GOOD, "a.md").steps[0].question
    clear, close = (
        Measurement(question, {"token": 50, "context": 91}),
        Measurement(question, {"token": 88, "context": 91}),
    )
    assert (clear.right, clear.is_as_expected, clear.accepts("context")) == ("context", True, True)
    assert (close.right, close.is_as_expected, close.accepts("context")) == (EQUAL, False, False)
    assert (clear.explanation, close.explanation) == ("Yes, {context}.", "No, {context}.")
    assert clear.texts == {"token": "50%", "context": "91%"}
    smallest = parse_lesson(GOOD.replace("largest", "smallest"), "a.md").steps[0].question
    assert Measurement(smallest, {"token": 50, "context": 91}).right == "token"


def test_an_estimate_is_right_when_it_is_near():
    question = parse_lesson(ESTIMATE.replace("margin = 5", "within = 10"), "a.md").steps[0].question
    outcome = Measurement(question, {"context": 91.0})
    assert question.is_estimate
    assert outcome.is_as_expected
    assert outcome.accepts(81.0)
    assert not outcome.accepts(80.9)


def test_answers_of_a_class_are_counted_without_names():
    own = Answer("layers", 1, 'Which, "a" or b?\n=1+1', "a", "b", False, "tiny")
    other = Answer("layers", 1, own.question, "b", "b", True, "tiny")
    assert read_answers(write_answers([own, other]), "one.csv") == [own, other]
    (counted,) = tally([own, other, other])
    assert (counted.n, counted.n_right, counted.predicted) == (3, 2, (("b", 2), ("a", 1)))
    with pytest.raises(InputError, match="holds no answers"):
        read_answers(b"a,b\n1,2\n", "other.csv")
