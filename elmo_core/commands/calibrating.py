"""`calibrate`: bounds of the rule for sense groups, set for one model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from elmo_core.commands.models import Model
from elmo_core.commands.terminal import (
    AsJson,
    Encoding,
    Language,
    Tokenised,
    command,
    note,
    say_remarks,
    share_bar,
    show,
)

if TYPE_CHECKING:
    from elmo_core.senses.calibration import SenseCalibration


@command
def calibrate(
    model: Model,
    text: Annotated[
        Path | None,
        typer.Argument(help="Running text or CoNLL-U, packed or not; the bundled samples if not given."),
    ] = None,
    rate: Annotated[float, typer.Option("--rate", help="Rate of false claims to aim at.")] = 0.05,
    words: Annotated[
        int, typer.Option("--words", min=1, help="Most words of one sense at each number of uses.")
    ] = 100,
    seed: Annotated[int, typer.Option("--seed", help="Of every random draw.")] = 42,
    tokenised: Tokenised = False,
    language: Language = "en",
    encoding: Encoding = None,
    as_json: AsJson = False,
) -> None:
    """Set the bounds from which on the uses of a word are said to fall into groups, for one model.

    It reads words held to one sense and mixtures of two words, finds how clear the groups of one sense get,
    and keeps the bounds beside your models. The page Word senses and `group_uses` then judge by them.
    """
    from elmo_core.models import load_encoder
    from elmo_core.senses.calibration import calibrate
    from elmo_core.senses.kept_calibrations import keep_calibration
    from elmo_core.senses.known_words import find_known_words, known_words_of_samples
    from elmo_core.text.tokenisation import check_language

    code = check_language(language)
    encoder = load_encoder(model)
    if text is None:
        note("No text was given, so the bundled samples are read; with a longer text, more groups are found.")
        known = known_words_of_samples()
    else:
        known = find_known_words(_sentences(text, tokenised, code, encoding), text.name)
    with share_bar("Calibrating") as report:
        found = calibrate(encoder, known, rate=rate, n_words=words, seed=seed, report=report)
    show({"written": str(keep_calibration(found)), **facts_of(found)}, as_json)


def facts_of(calibration: SenseCalibration) -> dict[str, Any]:
    """What was reached, by the number of uses."""
    facts: dict[str, Any] = {}
    for level in calibration.levels:
        false, power = level.false_claims, level.power
        facts[f"{level.n_uses}_uses"] = (
            f"false claims {false.value:.0%} ({false.low:.0%} to {false.high:.0%}, {level.n_words} words), "
            f"mixtures found {power.value:.0%} ({power.low:.0%} to {power.high:.0%}, {level.n_mixtures}), "
            f"least gain {level.least_gain:.4f}"
        )
    return facts


def _sentences(path: Path, tokenised: bool, language: str, encoding: str | None) -> list[list[str]]:
    from elmo_core.pretraining.corpus import CorpusReport, read_sentences

    told = CorpusReport()
    found = read_sentences(path, told, tokenised=tokenised, language=language, encoding=encoding)
    sentences = [tokens for tokens in found if tokens]
    say_remarks(told.warnings())
    return sentences
