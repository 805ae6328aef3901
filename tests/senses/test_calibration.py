"""Calibration of the rule for sense groups: the bounds keep their rate, and a wrong file is refused."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from elmo_core.__main__ import app
from elmo_core.embedding.result import Embedding
from elmo_core.encoders.protocol import ContextView
from elmo_core.exceptions import CancelledError, InputError
from elmo_core.models import load_encoder
from elmo_core.senses.bounds import UNCALIBRATED, Bounds
from elmo_core.senses.calibration import (
    Level,
    SenseCalibration,
    calibrate,
    least_words,
    level_from,
)
from elmo_core.senses.groups import LIKE_ONE_SENSE, NO_NULL, find_groups
from elmo_core.senses.kept_calibrations import FOLDER, SHIPPED, find_calibration, keep_calibration
from elmo_core.senses.known_words import find_known_words, known_words_of_samples
from elmo_core.senses.study import group_uses, study_uses
from elmo_core.senses.use_vectors import Halves, embed_uses
from elmo_core.senses.uses import find_uses
from elmo_core.shipped import shipped
from elmo_core.text.levelling import fold
from elmo_core.weights.registry import MODELS_VARIABLE

DIM, N_TOPICS, N_USES = 12, 25, 12
TOPICS = [f"{chr(97 + topic // 26)}{chr(97 + topic % 26)}" for topic in range(N_TOPICS)]

FREQUENT = [["they", *(f"{chr(97 + at % 26)}{chr(97 + at // 26)}frequent" for at in range(99))]] * 40
"""The most frequent words of every text here, in sentences that are too long to be read."""


def vector(token: str) -> np.ndarray:
    """A vector of a word: its topic, which is its first two letters, and noise of its own."""
    seed = int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "big")
    topic = np.random.default_rng(TOPICS.index(token[:2]) if token[:2] in TOPICS else 99)
    return topic.standard_normal(DIM) + 0.7 * np.random.default_rng(seed).standard_normal(DIM)


class Sides(ContextView):
    """The mean vectors of the words before and after a place."""

    width, n_parts, is_free = DIM, 2, True

    def of(self, found, spans):
        return [
            np.array(
                [
                    [
                        np.mean([np.zeros(DIM), *map(vector, part)], axis=0)
                        for part in (one.tokens[: at[0]], one.tokens[at[-1] + 1 :])
                    ]
                    for at in places
                ],
                dtype=np.float32,
            ).reshape(-1, 2, DIM)
            for one, places in zip(found, spans, strict=True)
        ]


class TopicEncoder:
    """An encoder whose contexts are the topics of the words around a place, so the right groups are known."""

    name, fingerprint, n_layers, dim = "topics", "ab12", 1, 2 * DIM

    def stream(self, sentences, *, language="en", report=None):
        for number, tokens in enumerate(sentences):
            if report:
                report("reading", number)
            yield [Embedding(list(tokens), np.zeros((1, len(tokens), 2 * DIM), np.float32))]

    def context_view(self):
        return Sides()


def text(n_uses: int = N_USES) -> list[list[str]]:
    """A word of each topic, between words of that topic; no context word is frequent enough to count."""
    generator, sentences, number = random.Random(0), [], 0
    for topic in TOPICS:
        for _ in range(n_uses):
            around = [f"{topic}x{number + at}" for at in range(6)]
            number += 6
            sentences.append([*around[:3], f"{topic}word", *around[3:]])
    generator.shuffle(sentences)
    return [*sentences, *FREQUENT]


KNOWN = find_known_words(text(), "topics")


@pytest.fixture(scope="module")
def calibration() -> SenseCalibration:
    return calibrate(TopicEncoder(), KNOWN, sizes=(N_USES,), n_mixtures=5)


def test_words_of_one_sense_are_what_is_not_frequent_short_or_a_name():
    words = ("sheep", "Sheep", "meadow", "Rome", "bank", "cow", "above")
    rare = [["they", word, "by", "the", "1800s"] for word in words * 10]
    known = find_known_words([*FREQUENT, *rare, ["one", "meadow"]], "text", leave_out={"Bank"})
    assert {word: len(places) for word, places in known.places.items()} == {"meadow": 10}
    assert known.with_uses(11) == []
    samples = known_words_of_samples()
    assert "bank" not in samples.places and "bank (river edge)" in samples.places
    for n, least in ((10, 60), (16, least_words(0.05))):
        assert len(samples.with_uses(n)) >= least
    mixed = samples.mixture("asked", "bank (river edge)", 12, random.Random(1))
    assert mixed == samples.mixture("asked", "bank (river edge)", 12, random.Random(1))
    found = Counter(fold(use.word) for use in mixed.uses)
    assert found.total() == 12 and found["asked"] >= found["bank"] >= 3


def test_the_bound_is_the_quantile_that_keeps_the_rate_for_further_words():
    generator = np.random.default_rng(0)
    levels, exceeded = [], []
    for _ in range(300):
        strengths = generator.standard_t(3, 60) + 9  # any distribution
        levels.append(level_from(20, strengths.tolist(), [9.0], 0.05))
        exceeded.append((generator.standard_t(3, 1000) + 9 >= levels[-1].least_gain).mean())
    assert 0.04 < np.mean(exceeded) < 0.053  # 3 of 61
    assert 0.03 < np.mean([level.false_claims.value for level in levels]) < 0.05  # by four fifths: 2 of 49
    assert level_from(20, [-np.inf] * 30, [0.1], 0.05).least_gain == 0


def test_one_sense_is_not_taken_for_more_and_mixtures_are_found(calibration: SenseCalibration):
    (level,) = calibration.levels
    assert (level.n_uses, level.n_words, level.n_mixtures) == (N_USES, N_TOPICS, 5)
    assert level.n_false <= 4 and level.n_found >= 3


def test_claims_by_hand_set_bounds_are_those_of_the_rule(tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    counted = calibrate(TopicEncoder(), KNOWN, rate=None, sizes=(N_USES, 500), n_mixtures=5)
    (level,) = counted.levels
    assert (counted.rate, counted.bounds, level.n_uses, level.n_words) == (
        None,
        UNCALIBRATED,
        N_USES,
        N_TOPICS,
    )
    drawn = [KNOWN.one_sense(word, N_USES, random.Random(0)) for word in KNOWN.with_uses(N_USES)]  # all uses
    claimed = [
        find_groups(embed_uses(TopicEncoder(), uses).contexts, bounds=UNCALIBRATED).k > 1 for uses in drawn
    ]
    assert level.n_false == sum(claimed)
    assert level.n_found >= 3
    keep_calibration(counted)
    assert find_calibration(counted.fingerprint) == counted
    with pytest.raises(InputError, match=r"topics has 0 words .* of 500 uses or more, and 2 are needed"):
        calibrate(TopicEncoder(), KNOWN, rate=None, sizes=(500,))


def test_it_is_known_how_often_the_rule_is_wrong_with_the_model_that_ships(tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    found = find_calibration(load_encoder("english-small").fingerprint)
    assert found is not None and {level.n_uses for level in found.levels} >= {10, 80}
    folder = shipped(SHIPPED)
    assert [path.stem for path in folder.iterdir()] == [found.fingerprint]  # none of earlier weights


def test_what_cannot_be_calibrated_is_refused_and_a_job_can_be_cancelled():
    with pytest.raises(
        InputError, match=rf"topics has {N_TOPICS} words .* {least_words(0.01)} are needed for a rate of 1%"
    ):
        calibrate(TopicEncoder(), KNOWN, rate=0.01)
    with pytest.raises(InputError, match="between 0 and 1"):
        calibrate(TopicEncoder(), KNOWN, rate=1)

    def stop(doing: str, share: float) -> None:
        assert 0 <= share <= 1
        raise CancelledError(doing)

    with pytest.raises(CancelledError, match="words of one sense"):
        calibrate(TopicEncoder(), KNOWN, report=stop)


def test_a_calibration_is_found_again_and_a_wrong_file_is_refused(calibration, tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    assert find_calibration(calibration.fingerprint) is None
    path = keep_calibration(calibration)
    assert find_calibration(calibration.fingerprint) == calibration
    path.rename(path.with_name("cd34.json"))
    with pytest.raises(InputError, match=r"cd34\.json is the calibration of another model \(topics\)"):
        find_calibration("cd34")
    data = json.loads((path.with_name("cd34.json")).read_text())
    wrong = [
        data | {"format": "another"},
        data | {"levels": []},
        data | {"rate": "no"},
        {name: value for name, value in data.items() if name != "levels"},
        data | {"levels": [data["levels"][0] | {"least_gain": float("nan")}]},
        data | {"levels": [data["levels"][0] | {"n_false": -1}]},
        data | {"levels": [data["levels"][0] | {"more": 1}]},
    ]
    for content in (*map(json.dumps, wrong), "", "[]", "[" * 50_000, "\ud800"):
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
        with pytest.raises(InputError, match=r"ab12\.json is no calibration .* Calibrate the model anew"):
            find_calibration("ab12")


def test_bounds_are_interpolated_between_numbers_of_uses_and_judge_without_a_null():
    bounds = Bounds(((10, 0.3), (40, 0.1)))
    assert [bounds.least_gain(n, 0) for n in (5, 10, 20, 40, 900)] == pytest.approx([0.3, 0.3, 0.2, 0.1, 0.1])
    assert bounds.least_gain(40, -0.5) == pytest.approx(0.05)
    generator = np.random.default_rng(0)
    vectors = np.eye(DIM)[np.repeat([0, 1], 20)] + generator.normal(0, 0.1, (40, DIM))
    one_sided = Halves(vectors.astype(np.float32), np.zeros_like(vectors), are_independent=False)
    assert find_groups(one_sided, numbers=(2,), bounds=UNCALIBRATED).best.objections == (NO_NULL,)
    assert find_groups(one_sided, numbers=(2,), bounds=bounds).k == 2
    strict = find_groups(one_sided, numbers=(2,), bounds=Bounds(((40, 0.99),)))
    assert (strict.k, strict.best.objections) == (1, (LIKE_ONE_SENSE,))
    assert strict.judged_by(bounds).labels == find_groups(one_sided, numbers=(2,), bounds=bounds).labels
    many = Halves(*(np.concatenate([half] * 2) for half in (one_sided.forward, one_sided.backward)), False)
    judged = find_groups(many, numbers=(2,), bounds=bounds)
    assert (judged.n, judged.n_judged, judged.k, len(judged.labels)) == (80, 40, 2, 80)
    two_sided = replace(one_sided, backward=one_sided.forward, are_independent=True)
    assert find_groups(two_sided, numbers=(2,), bounds=Bounds(((40, 0.99),))).best.objections == (
        LIKE_ONE_SENSE,
    )


def test_the_level_is_that_of_the_nearest_number_of_uses(calibration: SenseCalibration):
    level = calibration.levels[0]
    levels = tuple(replace(level, n_uses=n) for n in (10, 40, 160))
    found = replace(calibration, levels=levels)
    assert [found.level_of(n).n_uses for n in (3, 19, 21, 85, 5000)] == [10, 10, 40, 160, 160]
    assert isinstance(level, Level)


def test_the_command_keeps_a_calibration_that_groups_are_judged_by(tmp_path, monkeypatch):
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    (tmp_path / "text.txt").write_text("\n".join(" ".join(tokens) for tokens in text()))
    options = ["--rate", "0.2", "--words", "6", "--tokenised", "--json"]
    result = CliRunner().invoke(app, ["calibrate", "tiny", str(tmp_path / "text.txt"), *options])
    assert result.exit_code == 0, result.output
    facts = json.loads(result.stdout)
    assert [name for name in facts if name != "written"] == ["10_uses"] and "6 words" in facts["10_uses"]
    found = json.loads(CliRunner().invoke(app, ["info", "tiny", "--json"]).stdout)
    assert found["sense_groups"] == "calibrated on text.txt"
    elmo = load_encoder("tiny")
    kept = find_calibration(elmo.fingerprint)
    assert (kept.model, kept.rate, kept.seed) == ("tiny", 0.2, 42)
    assert facts["written"] == str(tmp_path / "models" / FOLDER / f"{elmo.fingerprint}.json")
    grouping = group_uses(study_uses(elmo, find_uses(text(), f"{TOPICS[0]}word")))
    assert (grouping.groups.n, grouping.groups.n_judged) == (N_USES, 10)  # no bound is known for more
    assert all(cut.bounds == kept.bounds for cut in grouping.groups.candidates)
