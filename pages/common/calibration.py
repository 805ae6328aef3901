"""How often the groups of the chosen model are false claims; where none is known, a job finds out."""

from __future__ import annotations

import streamlit as st

from elmo_core.exceptions import InputError
from elmo_core.plots.style import percent
from elmo_core.senses.calibration import Level, SenseCalibration, calibrate
from elmo_core.senses.kept_calibrations import find_calibration, keep_calibration
from elmo_core.senses.known_words import known_words_of_samples
from pages.common import jobs
from pages.common.chosen_model import model_name
from pages.common.job import Job
from pages.common.jobs import StartButton
from pages.common.loaders import load_model
from pages.common.markdown import escape_markdown
from pages.common.permissions import may_name_files
from pages.common.results import visitor_results

_HELP = (
    "Reads words of one sense in the bundled samples and mixtures of two words, and sets the bounds so that "
    "5% of the former are taken for more. It takes minutes. Words of the samples have few uses, so at most "
    "16 uses of a word are judged then; `elmo calibrate` does the same with a longer text, which finds more."
)


def calibration_of(fingerprint: str) -> tuple[SenseCalibration | None, str]:
    """Return the calibration of a model, by its fingerprint, and what is wrong with its file."""
    try:
        return find_calibration(fingerprint), ""
    except InputError as error:
        return None, str(error)


def show_calibration(fingerprint: str, n_uses: int | None = None) -> None:
    """Say how often the rule for groups is wrong with the chosen model, or offer to calibrate it.

    Args:
        fingerprint: of the model.
        n_uses: uses that are judged; None = say it for every number of uses that the calibration had.
    """
    found, damage = calibration_of(fingerprint)
    if found and n_uses:
        st.caption(escape_markdown(_say(found.level_of(n_uses))))
        return
    if damage:
        st.warning(escape_markdown(damage))
    st.caption(_say_how_it_is_set(found))
    if found:
        st.caption("\n".join(f"* {escape_markdown(_say(level))}" for level in found.levels))
    if not (found and found.rate) and may_name_files():  # the result is written to this machine
        _offer(fingerprint)


def _say_how_it_is_set(found: SenseCalibration | None) -> str:
    """Say where the bounds of the rule come from, as Markdown."""
    if found is None:
        return (
            f"The rule for sense groups is not calibrated for this model ({escape_markdown(model_name())}): "
            "how often it takes one sense for more is not known."
        )
    text = escape_markdown(found.text)
    if found.rate is None:
        return f"The bounds of the rule for sense groups were set by hand. What it claims by them, on {text}:"
    return f"The rule for sense groups is calibrated for {percent(found.rate)} of false claims, on {text}."


def _say(level: Level) -> str:
    """Say what the rule does with words and mixtures of so many uses."""
    false, power = level.false_claims, level.power
    return (
        f"With {level.n_uses} uses, this model takes {percent(false.value)} of {level.n_words} words of one "
        f"sense for more ({percent(false.low)} to {percent(false.high)}) and finds {percent(power.value)} of "
        f"{level.n_mixtures} mixtures of two words."
    )


def _offer(fingerprint: str) -> None:
    name = model_name()
    encoder = load_model(name)

    def work(job: Job) -> str:
        return str(keep_calibration(job.apart(calibrate, encoder, known_words_of_samples())))

    jobs.offer(
        f"calibration_{name}",  # the same on all pages
        ("calibration", fingerprint),
        f"Calibrating {name}",
        work,
        visitor_results(),
        StartButton("Calibrate this model", icon=":material/straighten:", help=_HELP),
    )
