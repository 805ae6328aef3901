"""Lessons: predict, look, explain; the app measures the answer when the prediction has been made."""

from __future__ import annotations

import streamlit as st

from elmo_core.lessons.folders import find_lessons, own_folder
from elmo_core.lessons.lesson import fill
from pages.common.layout import show_title
from pages.common.markdown import escape_markdown
from pages.lessons.answers import show_class, show_own
from pages.lessons.questions import show_question

PAGE = "lessons"

show_title("Lessons", "Predict what the model will do, look, and find out why.")

lessons, faults = find_lessons()
for fault in faults:
    st.warning(escape_markdown(fault))
titles = {lesson.slug: lesson.title for lesson in lessons}
if (asked := st.query_params.get("lesson")) in titles:  # bound, the address would hold the title
    st.session_state.setdefault(f"{PAGE}_lesson", asked)
slug = st.selectbox(
    "Lesson",
    list(titles),
    format_func=lambda slug: f"{list(titles).index(slug) + 1}. {titles[slug]}",
    key=f"{PAGE}_lesson",
    width=420,
    help=f"Lessons of your own are Markdown files in {escape_markdown(str(own_folder()))} (or the folder "
    "that ELMO_LESSONS names); the guide says how to write one.",
)
st.query_params["lesson"] = slug
lesson = next(lesson for lesson in lessons if lesson.slug == slug)

values: dict[str, str] = {}
text, _ = st.columns([3, 1])
with text:
    st.header(lesson.title, anchor=False)
    for number, step in enumerate(lesson.steps, start=1):
        if step.text:
            st.markdown(fill(step.text, values))
        if step.question is None:
            break
        outcome = show_question(PAGE, lesson, number, step.question, values)
        if outcome is None:
            break
        values |= outcome.texts
    else:
        st.caption("The end.")
show_own(PAGE)
show_class(PAGE)
