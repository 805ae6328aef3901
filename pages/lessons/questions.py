"""One question of a lesson: the prediction first, then what was measured, then the explanation."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from elmo_core.lessons.answers import Answer
from elmo_core.lessons.checking import Measurement, measure
from elmo_core.lessons.lesson import EQUAL, Lesson, Question, fill
from elmo_core.plots.lessons import plot_outcome
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.loaders import load_model
from pages.common.results import results_about
from pages.common.visitors import current_visitor, put_in_address

_EXPECTED_S = 5.0  # a job that starts by itself


def show_question(
    page: str, lesson: Lesson, number: int, question: Question, values: dict[str, str]
) -> Measurement | None:
    """Ask for a prediction, then show what was measured; None until there is a prediction.

    Args:
        page: prefix of the keys of all widgets.
        lesson: the question's.
        number: of the question in the lesson, from 1.
        question: what is asked.
        values: what earlier questions of the lesson have measured, as text.
    """
    key = f"{page}_{lesson.slug}_{number}"
    with st.container(border=True):
        st.markdown(f"**Your prediction.** {question.text}")
        predicted = _ask(key, question)
        if predicted is None:
            return None
        put_in_address()  # a reload finds the predictions again
        outcome = _measure(page, question)
        _show(key, outcome, predicted, values)
    own_answers()[(lesson.slug, number)] = Answer(
        lesson=lesson.slug,
        step=number,
        question=question.text,
        predicted=_text_of(question, predicted, outcome),
        measured=_text_of(question, _measured(outcome), outcome),
        is_right=outcome.accepts(predicted),
        model=model_name(),
    )
    return outcome


def own_answers() -> dict[tuple[str, int], Answer]:
    """The answers of this visitor, by lesson and number of the question."""
    found: dict[tuple[str, int], Answer] = current_visitor().state.setdefault("lesson_answers", {})
    return found


def _predictions() -> dict[str, str | float]:
    """The predictions of this visitor, by key of the question."""
    found: dict[str, str | float] = current_visitor().state.setdefault("lesson_predictions", {})
    return found


def _ask(key: str, question: Question) -> str | float | None:
    """The prediction; it is fixed once it has been made, until the learner takes it back."""
    kept = _predictions().get(key)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        answer: str | float | None
        if question.is_estimate:
            unit = "%" if question.is_percent else ""
            answer = st.number_input(
                f"Estimate{f' in {unit}' if unit else ''}",
                value=kept if isinstance(kept, float) else None,
                key=f"{key}_number",
                disabled=kept is not None,
                width=200,
            )
        else:
            texts = {option.name: option.text for option in question.options}
            names = [*texts, EQUAL] if question.margin else [*texts]
            answer = st.radio(
                "Prediction",
                names,
                index=names.index(kept) if isinstance(kept, str) else None,
                format_func=lambda name: texts.get(name, _equal(question)),
                key=f"{key}_choice",
                disabled=kept is not None,
                label_visibility="collapsed",
            )
        if kept is None:
            st.button(
                "Look", key=f"{key}_look", type="primary", icon=":material/visibility:",
                disabled=answer is None, on_click=_predictions().__setitem__, args=(key, answer),
            )  # fmt: skip
        else:
            st.button("Predict again", key=f"{key}_again", on_click=_take_back, args=(key,))
    return kept


def _take_back(key: str) -> None:
    """Callback: drop a prediction."""
    _predictions().pop(key, None)


def _measure(page: str, question: Question) -> Measurement:
    """Measure the options, or take what was measured with this model before."""
    name = model_name()
    elmo = load_model(name)
    return jobs.run_or_offer(
        f"{page}_measure",
        ("lesson", name, question.digest),
        "Measuring",
        lambda job: job.apart(measure, elmo, question),
        seconds=_EXPECTED_S,
        results=results_about(is_sample=True),
    )


def _show(key: str, outcome: Measurement, predicted: str | float, values: dict[str, str]) -> None:
    question = outcome.question
    figure: go.Figure = plot_outcome(outcome, predicted)
    alt = ", ".join(f"{option.text}: {outcome.texts[option.name]}" for option in question.options)
    st.plotly_chart(figure, key=f"{key}_chart", config={"displayModeBar": False}, alt=alt)
    measured = _text_of(question, _measured(outcome), outcome)
    if outcome.accepts(predicted):
        st.success(f"Your prediction is right: {measured}.", icon=":material/check:")
    else:
        st.info(f"Your prediction is not what was measured: {measured}.", icon=":material/close:")
    explanation = fill(outcome.explanation, {**values, **outcome.texts})
    st.markdown(f"**Explanation.** {explanation}")
    if not outcome.is_as_expected:
        st.warning("With this model, the claim of the lesson does not hold here.", icon=":material/info:")


def _measured(outcome: Measurement) -> str | float:
    return next(iter(outcome.values.values())) if outcome.question.is_estimate else outcome.right


def _text_of(question: Question, answer: str | float, outcome: Measurement) -> str:
    if not isinstance(answer, str):
        return outcome.show(answer)
    return next((option.text for option in question.options if option.name == answer), _equal(question))


def _equal(question: Question) -> str:
    unit = " points" if question.is_percent else ""
    return f"About equal: within {question.margin:g}{unit}"
