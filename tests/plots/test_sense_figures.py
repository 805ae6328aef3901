"""Figures of a word's senses, read as data."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from elmo_core.analysis.projection import shared_frame
from elmo_core.analysis.senses import Study, view_names, with_uniform_mix
from elmo_core.analysis.separation import Separation, separation
from elmo_core.analysis.uses import find_uses
from elmo_core.plots.senses import (
    describe_separation,
    describe_uses,
    explain_score,
    explain_uses,
    plot_separation,
    plot_uses,
    verdict,
)

TEXT = ["The bank fell.", "A bank by the river.", "The bank lends.", "Our bank floods.", "No bank at all."]
LABELS = ["money", "river", "money", "river", None]


def make_study(labels: list[str | None], text: list[str] = TEXT) -> Study:
    uses = find_uses(text, "bank", labels)
    layers = np.random.default_rng(0).standard_normal((3, len(uses.uses), 6)).astype(np.float32)
    layers[0] = layers[0, :1]
    views = with_uniform_mix(layers)
    scores = tuple(separation(view, uses.labels) for view in views) if any(labels) else ()
    return Study(uses, view_names(3), shared_frame(views, 3), scores, "" if scores else "No senses.")


@pytest.fixture(scope="module")
def study() -> Study:
    return make_study(LABELS)


def test_every_use_is_one_dot_with_its_id(study: Study):
    traces = plot_uses(study, "LSTM layer 1").data
    assert [trace["name"] for trace in traces] == ["money (2)", "river (2)", "no gold sense (1)"]
    assert [list(trace["customdata"]) for trace in traces] == [[0, 2], [1, 3], [4]]
    for trace in traces:
        places = study.frame.coordinates[1][list(trace["customdata"])]
        np.testing.assert_array_equal(np.transpose([trace["x"], trace["y"]]), places)


def test_senses_differ_in_colour_and_in_shape(study: Study):
    marks = [trace["marker"] for trace in plot_uses(study, "LSTM layer 1").to_dict()["data"]]
    assert len({mark["color"] for mark in marks}) == len({mark["symbol"] for mark in marks}) == 3


def test_the_frame_is_the_same_for_every_view(study: Study):
    figures = [plot_uses(study, view).to_dict()["layout"] for view in study.views]
    assert len({(*layout["xaxis"]["range"], *layout["yaxis"]["range"]) for layout in figures}) == 1
    low, high = figures[0]["xaxis"]["range"]
    assert low < study.frame.coordinates[..., 0].min() < study.frame.coordinates[..., 0].max() < high


def test_highlighted_uses_are_the_selected_points(study: Study):
    traces = plot_uses(study, "LSTM layer 1", (2, 4)).to_dict()["data"]
    assert [list(trace["selectedpoints"]) for trace in traces] == [[1], [], [0]]
    assert all("selectedpoints" not in trace for trace in plot_uses(study, "LSTM layer 1").to_dict()["data"])


def test_the_same_arguments_give_the_same_json(study: Study):
    assert plot_uses(study, "LSTM layer 1").to_json() == plot_uses(study, "LSTM layer 1").to_json()


def test_words_of_users_are_drawn_as_they_are():
    hostile = "<b>x</b> <script>"
    text = ["a <i>1</i> bank </span>", "<a href='x'>bank</a>", "bank & bank"]
    study = make_study([hostile, hostile, "other"], text)
    for trace in plot_uses(study, "LSTM layer 1").to_dict()["data"]:
        for shown in (trace["name"], *trace["text"]):
            ours = (
                shown.replace("<b>bank</b>", "")
                .replace("<br>", "")
                .replace("<i>", "", 1)
                .replace("</i>", "", 1)
            )
            assert "<" not in ours
            assert ">" not in ours


def test_long_contexts_are_cut_between_words():
    text = ["word " * 60 + "bank" + " tail" * 60, "bank", "the bank"]
    hover = plot_uses(make_study([None] * 3, text), "LSTM layer 1").to_dict()["data"][0]["text"][0]
    assert len(hover) < 200
    assert hover.startswith("… word word")
    assert " tail …<br>" in hover


def test_no_senses_no_legend():
    figure = plot_uses(make_study([None] * 5), "LSTM layer 1").to_dict()
    assert figure["layout"]["showlegend"] is False
    assert len(figure["data"]) == 1
    assert figure["data"][0]["marker"]["symbol"] == "circle"


def test_scores_stand_beside_their_null(study: Study):
    figure = plot_separation(study, "LSTM layer 2").to_dict()
    null, score = figure["data"]
    assert tuple(score["y"]) == study.views
    assert list(score["x"]) == [found.accuracy for found in study.separations]
    assert list(score["error_x"]["array"]) == [found.high - found.accuracy for found in study.separations]
    assert list(score["error_x"]["arrayminus"]) == [found.accuracy - found.low for found in study.separations]
    assert list(null["x"]) == [found.shuffled_mean for found in study.separations]
    assert list(null["error_x"]["array"]) == [found.shuffled_sd for found in study.separations]
    assert figure["layout"]["shapes"][0]["x0"] == study.separations[0].chance
    assert score["marker"]["symbol"].index("circle") == 2


def test_descriptions_hold_the_numbers(study: Study):
    assert describe_uses(study, "LSTM layer 1") == (
        "Map of 5 uses of bank by LSTM layer 1 (PCA): 2 money, 2 river and 1 no gold sense."
    )
    assert (
        describe_uses(make_study([None] * 5), "Token vector")
        == "Map of 5 uses of bank by Token vector (PCA)."
    )
    assert describe_separation(study).startswith(
        "Uses nearest to their own sense's centroid: Token vector 50%, "
    )
    assert describe_separation(study).endswith("most frequent sense 50%, n = 4.")


def test_the_note_says_what_the_plane_shows(study: Study):
    start = "The token vector reads the spelling, not the context: 5 uses share 1 place. One PCA plane"
    assert explain_uses(study, "Token vector").startswith(start)
    assert "variance" not in explain_uses(study, "Token vector")
    assert explain_uses(study, "LSTM layer 1").endswith("% of the variance of LSTM layer 1.")
    assert explain_uses(study, "Uniform mix").endswith("% of the variance of the uniform mix.")


def test_a_sample_of_the_uses_says_so():
    study = make_study([None] * 5)
    drawn = dataclasses.replace(study, uses=dataclasses.replace(study.uses, found=1234))
    assert explain_uses(drawn, "LSTM layer 1").startswith("5 of 1,234 uses, drawn at random (seed 42). ")


def score_of(accuracy: float, low: float, p_value: float) -> Separation:
    return Separation(46, ("a", "b"), accuracy, low, 0.99, 0.5, 0.47, 0.09, p_value, ())


@pytest.mark.parametrize(
    ("score", "start"),
    [
        (score_of(0.93, 0.82, 0.005), "LSTM layer 1 separates the senses."),
        (score_of(0.63, 0.49, 0.04), "LSTM layer 1 does better than shuffled senses, but not surely"),
        (score_of(0.60, 0.51, 0.05), "No evidence that LSTM layer 1 separates the senses."),
    ],
)
def test_verdicts(score: Separation, start: str):
    assert verdict(score, "LSTM layer 1").startswith(start)


def test_verdicts_name_the_view_in_a_sentence():
    assert verdict(score_of(0.93, 0.82, 0.005), "Uniform mix") == "The uniform mix separates the senses."
    assert (
        verdict(score_of(0.5, 0.4, 0.5), "Token vector")
        == "No evidence that the token vector separates the senses."
    )


def test_scores_are_explained_with_both_nulls():
    assert explain_score(score_of(0.93, 0.82, 0.005)) == (
        "Of 46 uses, 93% lie nearest to the centroid of their own sense (95% interval 82% to 99%). "
        "By chance: 47% ± 9% with the senses shuffled, 50% by always naming the most frequent one (dotted)."
    )
