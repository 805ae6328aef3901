"""Answers on the page: one's own as a file, and those of a class counted together."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.lessons.answers import Answer, Tally, read_answers, tally, write_answers
from pages.common.markdown import escape_markdown
from pages.lessons.questions import own_answers


def show_own(page: str) -> None:
    """Offer the answers of this session as a file."""
    answers = list(own_answers().values())
    if answers:
        st.download_button(
            f"Download my answers ({len(answers)})",
            lambda: write_answers(answers),
            "answers.csv",
            "text/csv",
            key=f"{page}_download",
            icon=":material/download:",
            on_click="ignore",
            help="No name is in the file: lesson, question, prediction, what was measured, model.",
        )


def show_class(page: str) -> None:
    """Count the answers of a class, from the files of its learners."""
    with st.expander("For teachers: the answers of a class", icon=":material/groups:"):
        st.markdown(
            "Everyone saves their answers with *Download my answers* and hands the file to you; choose all "
            "files here. It works on one shared server as on separate laptops. The files hold no names, and "
            "nothing of them is kept here."
        )
        files = st.file_uploader(
            "Files of answers",
            type=["csv"],
            accept_multiple_files=True,
            max_upload_size=1,
            key=f"{page}_files",
        )
        answers: list[Answer] = []
        for file in files:
            try:
                answers += read_answers(file.getvalue(), file.name)
            except InputError as error:
                st.error(escape_markdown(str(error)))
        for counted in tally(answers):
            _show_tally(counted)


def _show_tally(counted: Tally) -> None:
    st.markdown(
        f"**{escape_markdown(counted.lesson)}, question {counted.step}**: "
        f"{counted.n_right} of {counted.n} right. {escape_markdown(counted.question)}"
    )
    rows = [{"prediction": text, "answers": number} for text, number in counted.predicted]
    st.dataframe(
        rows,
        hide_index=True,
        column_config={
            "answers": st.column_config.ProgressColumn(format="%d", min_value=0, max_value=counted.n)
        },
        alt=f"Predictions for question {counted.step} of {counted.lesson}",
    )
    st.caption(f"Measured: {escape_markdown('; '.join(counted.measured))}.")
