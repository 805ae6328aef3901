"""What a run has learned at each model that it has kept: one word, its substitutes, its uses in groups."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.glossary import explain
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import NO_GROUP, colour_by_sense, describe_map, plot_map
from elmo_core.pretraining.kept_models import kept_models
from elmo_core.progress import Report
from elmo_core.runs.folder import Run
from elmo_core.runs.looking import WordLook, group_in_run, load_kept, look_at_word, uses_in_run
from elmo_core.runs.progress import read_progress
from elmo_core.senses.groups import MIN_USES
from elmo_core.senses.headline import explain_groups_found, say_groups
from elmo_core.senses.study import CONTEXT, Grouping, Study, draw_map, frame_of
from elmo_core.senses.uses import Uses
from elmo_core.tables.records import counted
from pages.common.job import Job
from pages.common.jobs import AT_ONCE_S, run_or_offer
from pages.common.markdown import escape_markdown
from pages.common.results import visitor_results

_SENTENCE, _WORD = "They walked along the bank in the evening.", "bank"
_WORDS, _GROUPS = "Its substitutes, model by model", "Its uses, in groups"
_PARAMETERS_PER_S = 2e6  # of a model that is loaded and asked about one sentence
_USES_PER_S = 8e6  # uses times parameters, with their null
_LONGEST = 300


def show_what_it_learned(page: str, run: Run) -> None:
    """Show what the kept models make of a word.

    Args:
        page: prefix of the keys of all widgets.
        run: the run.
    """
    models = kept_models(run.output)
    if not models:
        return
    st.subheader("What it has learned", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = (
            st.text_input("Word", _WORD, max_chars=60, key=f"{page}_word", bind="query-params", width=160)
            or ""
        ).strip()
        part = st.segmented_control(
            "Look at", (_WORDS, _GROUPS), default=_WORDS, required=True, key=f"{page}_look", wrap=True
        )
    try:
        if part == _WORDS:
            _show_words(page, run, models, word or _WORD)
        else:
            _show_groups(page, run, models, word or _WORD)
    except InputError as error:
        st.warning(escape_markdown(str(error)))


def _show_words(page: str, run: Run, models: Mapping[int, Path], word: str) -> None:
    sentence = st.text_input(
        "A sentence with the word", _SENTENCE, max_chars=_LONGEST, key=f"{page}_sentence", bind="query-params"
    )
    looks = _looks(page, run, models, sentence or _SENTENCE, word)
    words_per_step = run.config.words_per_step
    perplexities = {row.step: row.perplexity for row in read_progress(run).measured}
    rows = [
        {
            "Words read": step * words_per_step,
            "Perplexity": perplexities.get(step),
            "Instead of it": ", ".join(other for other, _ in look.substitutes),
            "Most like it": ", ".join(other for other, _ in look.nearest),
        }
        for step, look in looks.items()
    ]
    st.dataframe(
        pd.DataFrame(rows[::-1]),
        hide_index=True,
        height="content",
        key=f"{page}_words",
        column_config={
            "Words read": st.column_config.NumberColumn(format="localized", width=90),
            "Perplexity": st.column_config.NumberColumn(format="%.1f", width=80),
            "Instead of it": st.column_config.TextColumn(
                f"Instead of {word} in the sentence",
                help="What the model would put in its place, function words left out.",
                width="large",
            ),
            "Most like it": st.column_config.TextColumn(
                f"Most like {word}",
                help="The nearest words by the rows of the softmax, whatever the sentence.",
                width="large",
            ),
        },
        alt="What each kept model would put in the word's place, and which words are most like it",
    )
    st.caption(
        "One row for each model that the run has kept, the newest first. At 0 words, a model knows only how "
        "frequent each word is."
    )


def _looks(page: str, run: Run, models: Mapping[int, Path], sentence: str, word: str) -> dict[int, WordLook]:
    """What each kept model makes of the word; only those that were not asked before are loaded."""
    kept = visitor_results("looks", 400)
    created = run.about.created  # another run may have had its name before
    keys = {step: (str(path), created, sentence, word) for step, path in models.items()}
    missing = {step: key for step, key in keys.items() if key not in kept}

    def work(job: Job) -> None:
        for number, (step, key) in enumerate(missing.items()):
            job.report(f"{number} of {len(missing)}", number / len(missing))
            look = look_at_word(load_kept(models[step]), sentence, word)
            kept.keep(key, look)

    if missing:
        size = sum(file.stat().st_size for file in next(iter(models.values())).iterdir()) / 2
        seconds = len(missing) * size / _PARAMETERS_PER_S
        run_or_offer(
            f"{page}_looks", ("looks", tuple(missing.values())), "Asking the models", work, seconds=seconds,
            results=visitor_results("asked", 4),
        )  # fmt: skip
    return {step: kept.find(key) for step, key in keys.items() if key in kept}


def _show_groups(page: str, run: Run, models: Mapping[int, Path], word: str) -> None:
    key = (str(run.folder), run.about.created, word)
    uses = visitor_results("uses", 8).get_or_compute(key, lambda: uses_in_run(run, word))
    if len(uses.uses) < MIN_USES:
        st.info(
            f"{escape_markdown(word)} has {counted(len(uses.uses), 'use')} in the text of this run; at least "
            f"{MIN_USES} are needed to look for groups."
        )
        return
    steps = list(models)
    words_per_step = run.config.words_per_step
    step = steps[-1]
    if len(steps) > 1:
        step = st.select_slider(
            "After so many words",
            steps,
            steps[-1],
            format_func=lambda step: f"{step * words_per_step:,}",
            key=f"{page}_step_{run.name}_{run.about.created}",
        )
    study, grouping = _studied(page, run, models[step], uses)
    found, why = say_groups(grouping, None), explain_groups_found(grouping)
    st.markdown(
        f"**{escape_markdown(found)}.** {escape_markdown(why)}",
        help=explain("Group", "Shuffled null", "Stability"),
    )
    colouring = colour_by_sense(uses)
    if not any(uses.labels):
        names = [name.text for name in grouping.names]
        colouring = Colouring(grouping.labels, tuple(names), NO_GROUP)
    drawn = draw_map(study, CONTEXT, frame_of(study, CONTEXT, "pca"))
    st.plotly_chart(
        plot_map(drawn, uses, colouring, height=420),
        key=f"{page}_map",
        alt=describe_map(drawn, uses, colouring),
    )
    by = "the labelled senses of the sample" if any(uses.labels) else "the groups"
    st.caption(
        f"{counted(len(uses.uses), 'use')} of {escape_markdown(word)} in the text that it learns from, by "
        f"what the model expects in their place. Colours: {by}. {escape_markdown(grouping.card.sentence)}"
    )


def _studied(page: str, run: Run, model: Path, uses: Uses) -> tuple[Study, Grouping]:
    size = sum(file.stat().st_size for file in model.iterdir()) / 2
    return run_or_offer(
        f"{page}_groups",
        ("groups", str(model), run.about.created, uses.word),
        "Reading the uses",
        lambda job: job.apart(_group_uses, model, uses),
        seconds=max(AT_ONCE_S + 1, len(uses.uses) * size / _USES_PER_S),
        results=visitor_results("groups", 30),
    )


def _group_uses(model: Path, uses: Uses, report: Report) -> tuple[Study, Grouping]:
    return group_in_run(load_kept(model), uses, report)
