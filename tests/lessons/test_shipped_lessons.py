"""Every lesson that ships, measured: its claims hold with the shipped model, and any model gets an answer."""

from __future__ import annotations

import pytest

from elmo_core import load_elmo
from elmo_core.lessons.checking import measure
from elmo_core.lessons.folders import find_lessons

LESSONS = find_lessons()[0]
MODEL = "english-small"


@pytest.fixture(scope="module")
def shipped_model():
    return load_elmo(MODEL)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_what_a_lesson_claims_is_measured(lesson, shipped_model):
    for step in lesson.steps:
        if step.question:
            outcome = measure(shipped_model, step.question)
            assert outcome.is_as_expected, (step.question.text, outcome.values)


def test_a_model_of_random_weights_gets_the_honest_text(elmo):
    question = next(lesson for lesson in LESSONS if lesson.slug == "layers").steps[0].question
    outcome = measure(elmo, question)
    assert outcome.values["token"] < 60
    if outcome.right != question.expected:
        assert outcome.explanation == question.fails
