"""How often the groups of the chosen model are false claims; where none is known, a job finds out."""

from __future__ import annotations

import streamlit as st

from elmo_core.plots.style import percent
from elmo_core.senses.calibration import SenseCalibration, calibrate
from elmo_core.senses.groups import MIN_USES
from elmo_core.senses.kept_calibrations import keep_calibration
from elmo_core.senses.known_words import known_words_of_samples
from elmo_core.senses.study import Study
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown
from pages.common.permissions import may_name_files
from pages.common.results import visitor_results
from pages.common.sense_data import calibration_of

_HELP = (
    "Reads words of one sense in the bundled samples and mixtures of two words, and sets the bounds so that "
    "5% of the former are taken for more. It takes minutes. Words of the samples have few uses, so at most "
    "16 uses of a word are judged then; `elmo calibrate` does the same with a longer text, which finds more."
)


def show_calibration(page: str, study: Study) -> None:
    """Say how often the rule is wrong with this model, or offer to calibrate it.

    Args:
        page: prefix of the keys of all widgets.
        study: of the word.
    """
    n = len(study.uses.uses)
    if n < MIN_USES:
        return
    found, damage = calibration_of(study)
    if found:
        st.caption(escape_markdown(_say(found, n)))
        return
    if damage:
        st.warning(escape_markdown(damage))
    model = escape_markdown(model_name())
    st.caption(
        f"The rule for groups is not calibrated for this model ({model}): how often it takes one sense for "
        "more is not known."
    )
    if may_name_files():  # the result is written to this machine
        _offer(page, study.fingerprint)


def _say(calibration: SenseCalibration, n: int) -> str:
    """Say what the rule does with words and mixtures of about n uses."""
    level = calibration.level_of(n)
    false, power = level.false_claims, level.power
    return (
        f"With {level.n_uses} uses, this model takes {percent(false.value)} of {level.n_words} words of one "
        f"sense for more ({percent(false.low)} to {percent(false.high)}) and finds {percent(power.value)} of "
        f"{level.n_mixtures} mixtures of two words."
    )


def _offer(page: str, fingerprint: str) -> None:
    """A button that starts the job, or the job."""
    owner, key = f"{page}_calibration", ("calibration", fingerprint)
    encoder = load_model(model_name())

    def work(job: Job) -> str:
        return str(keep_calibration(calibrate(encoder, known_words_of_samples(), report=job.report)))

    job = jobs.current(owner, key)
    if job is not None and job.state != "done":
        jobs.watch(owner, job)
    elif st.button("Calibrate this model", key=f"{owner}_start", icon=":material/straighten:", help=_HELP):
        jobs.start(owner, key, f"Calibrating {encoder.name}", work, visitor_results())
        st.rerun()
