"""The page of lessons on the small random model: claims may fail, each lesson is walked to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from elmo_core.lessons.folders import find_lessons
from tests.pages.driver import checked, messages, open_page, texts, wait_until

LESSONS = {lesson.slug: lesson for lesson in find_lessons()[0]}


def predict(app: AppTest, slug: str, number: int) -> AppTest:
    """Answer a question with its first option, or with 50, and wait for what is measured."""
    key = f"lessons_{slug}_{number}"
    if LESSONS[slug].steps[number - 1].question.is_estimate:
        app.number_input(key=f"{key}_number").set_value(50.0)
    else:
        app.radio(key=f"{key}_choice").set_value(LESSONS[slug].steps[number - 1].question.options[0].name)
    checked(app.run())
    checked(app.button(key=f"{key}_look").click().run())
    return wait_until(lambda page: len(page.get("plotly_chart")) >= number, app)


@pytest.mark.parametrize("slug", LESSONS)
def test_a_lesson_is_walked_to_its_end(slug):
    app = open_page("lessons", lesson=slug)
    *questions, last = LESSONS[slug].steps
    for number, step in enumerate(questions, start=1):
        shown = texts(app)
        assert step.question.text.split("*")[-1] in shown
        assert "Explanation." not in shown.split("Your prediction.")[-1]
        predict(app, slug, number)
    shown = texts(app)
    assert last.text.split()[-1] in shown
    assert shown.count("Explanation.") == len(questions)
    assert not app.error
    assert "{" not in shown


def test_a_bad_file_of_a_teacher_is_reported_and_the_rest_works(tmp_path, monkeypatch):
    monkeypatch.setenv("ELMO_LESSONS", str(tmp_path))
    (tmp_path / "mine.md").write_text("Just text", encoding="utf-8")
    app = open_page("lessons")
    assert "mine.md, line 1: A lesson begins with its title; write it as '# Title'." in messages(app)
    assert app.selectbox(key="lessons_lesson").value == next(iter(LESSONS))


@pytest.mark.browser
def test_a_lesson_in_a_browser(visit: Callable[..., Page]):
    page = visit("/lessons?lesson=static-and-contextual")
    expect(page.get_by_role("heading", name="Static and contextual vectors")).to_be_visible()
    expect(page.get_by_text("Explanation.")).to_have_count(0)
    page.get_by_label("Estimate").fill("1")
    page.get_by_label("Estimate").press("Enter")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("Your prediction is right: 1.00")).to_be_visible()
    expect(page.get_by_text("Same letters, same vector")).to_be_visible()
