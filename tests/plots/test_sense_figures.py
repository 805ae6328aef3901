"""Figures of a word's uses, read as data."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.config import layer_name
from elmo_core.geometry.separation import Separation
from elmo_core.plots.points import Colouring
from elmo_core.plots.sense_map import (
    NO_GROUP,
    SEVERAL,
    Extras,
    colour_by_sense,
    describe_map,
    explain_map,
    plot_map,
)
from elmo_core.plots.senses import (
    describe_separation,
    explain_score,
    plot_layers,
    plot_separation,
    verdict,
)
from elmo_core.senses.study import (
    CONTEXT,
    SenseMap,
    Study,
    draw_map,
    frame_of,
    score_views,
    study_uses,
)
from elmo_core.senses.uses import Uses, find_uses

TEXT = ["The bank fell.", "A bank by the river.", "The bank lends.", "Our bank floods.", "No bank at all."]
LABELS = ["money", "river", "money", "river", None]
VIEW = "Layer 1"


def study_of(labels: list[str | None], text: list[str] = TEXT) -> Study:
    return study_uses(load_elmo("tiny"), find_uses(text, "bank", labels))


def mapped(study: Study, view: str = VIEW) -> SenseMap:
    return draw_map(study, view, frame_of(study, view, "pca"))


@pytest.fixture(scope="module")
def study() -> Study:
    return study_of(LABELS)


@pytest.fixture(scope="module")
def uses(study: Study) -> Uses:
    return study.uses


@pytest.fixture(scope="module")
def senses(uses: Uses) -> Colouring:
    return colour_by_sense(uses)


def test_every_use_is_one_dot_with_its_id(study: Study, uses: Uses, senses: Colouring):
    drawn = mapped(study)
    traces = plot_map(drawn, uses, senses).data
    assert [trace["name"] for trace in traces] == ["money (2)", "river (2)", "no labelled sense (1)"]
    assert [list(trace["customdata"]) for trace in traces] == [[0, 2], [1, 3], [4]]
    for trace in traces:
        places = drawn.coordinates[list(trace["customdata"])]
        np.testing.assert_array_equal(np.transpose([trace["x"], trace["y"]]), places)


@pytest.mark.parametrize("method", ["pca", "umap"])
def test_equal_vectors_are_one_dot_with_their_number(method: Literal["pca", "umap"]):
    text = [f"{word} {number} fell." for number in range(20) for word in ("The bank", "A bank")]
    study = study_of(["money", "river"] * 20, text)
    frame = frame_of(study, layer_name(0), method)
    assert frame.method == method
    figure = plot_map(draw_map(study, layer_name(0), frame), study.uses, colour_by_sense(study.uses))
    (dot,) = figure.data
    assert dot["name"] == f"{SEVERAL} (40)"
    assert list(dot["customdata"]) == list(range(40))
    assert (len(set(dot["x"])), len(set(dot["y"]))) == (1, 1)
    assert [note["text"] for note in figure.layout.annotations] == ["x40"]


def test_colours_differ_in_shape_as_well(study: Study, uses: Uses):
    groups = Colouring((0, 1, 0, -1, 1), ("lender", "shore"), NO_GROUP)
    traces = plot_map(mapped(study), uses, groups).to_dict()["data"]
    assert [trace["name"] for trace in traces] == ["lender (2)", "shore (2)", "in no group (1)"]
    marks = [trace["marker"] for trace in traces]
    assert len({mark["color"] for mark in marks}) == len({mark["symbol"] for mark in marks}) == 3


def test_the_frame_is_the_same_for_every_layer(study: Study, uses: Uses, senses: Colouring):
    layouts = [plot_map(mapped(study, view), uses, senses).to_dict()["layout"] for view in study.views[1:]]
    assert len({(*layout["xaxis"]["range"], *layout["yaxis"]["range"]) for layout in layouts}) == 1


def test_dots_with_false_neighbours_are_faint(study: Study, uses: Uses, senses: Colouring):
    drawn = mapped(study)
    shares = np.array([0.0, 0.5, 1.0, 0.25, 1.0])
    trust = dataclasses.replace(drawn.faithfulness, shares=shares)
    drawn = dataclasses.replace(drawn, faithfulness=trust)
    traces = plot_map(drawn, uses, senses).to_dict()["data"]
    faint = {
        id: value for t in traces for id, value in zip(t["customdata"], t["marker"]["opacity"], strict=True)
    }
    assert faint[0] < faint[3] < faint[1] == faint[2] == 1
    assert "25% of its neighbours here are true" in traces[1]["text"][1]
    plain = plot_map(drawn, uses, senses, is_faded=False).to_dict()["data"]
    assert {trace["marker"]["opacity"] for trace in plain} == {1}


def test_true_neighbours_trails_and_a_newcomer_are_drawn_over_it(study: Study, uses: Uses, senses: Colouring):
    drawn = mapped(study)
    extras = Extras(focus=0, trails=(1, 2), newcomer=(0.5, 0.25), newcomer_text="<b> bank")
    lines, trails, *_, star = plot_map(drawn, uses, senses, extras).to_dict()["data"]
    near = drawn.faithfulness.true_neighbours[0]
    assert lines["x"][1::3] == pytest.approx([float(drawn.coordinates[row, 0]) for row in near])
    assert len(trails["x"]) == 2 * (len(study.vectors.layers) + 1)
    assert trails["y"][0] == pytest.approx(float(drawn.frame.coordinates[0, 1, 1]))
    assert (star["x"], star["y"], star["text"]) == ([0.5], [0.25], ["&lt;b&gt; bank"])
    context = mapped(study, CONTEXT)
    assert len(plot_map(context, uses, senses, Extras(trails=(1,))).data) == 3  # a plane of its own


def test_highlighted_uses_are_the_selected_points(study: Study, uses: Uses, senses: Colouring):
    traces = plot_map(mapped(study), uses, senses, Extras((2, 4))).to_dict()["data"]
    assert [list(trace["selectedpoints"]) for trace in traces] == [[1], [], [0]]
    plain = plot_map(mapped(study), uses, senses).to_dict()["data"]
    assert all("selectedpoints" not in trace for trace in plain)


def test_the_same_arguments_give_the_same_json(study: Study, uses: Uses, senses: Colouring):
    first, second = (plot_map(mapped(study), uses, senses).to_json() for _ in range(2))
    assert first == second


def test_words_of_users_are_drawn_as_they_are():
    hostile = "<b>x</b> <script>"
    text = ["a <i>1</i> bank </span>", "<a href='x'>bank</a>", "bank & bank"]
    study = study_of([hostile, hostile, "other"], text)
    for trace in plot_map(mapped(study), study.uses, colour_by_sense(study.uses)).to_dict()["data"]:
        for shown in (trace["name"], *trace["text"]):
            ours = shown.replace("<b>bank</b>", "").replace("<br>", "")
            ours = ours.replace("<i>", "", 1).replace("</i>", "", 1)
            assert "<" not in ours
            assert ">" not in ours


def test_long_contexts_are_cut_between_words():
    study = study_of([None] * 3, ["word " * 60 + "bank" + " tail" * 60, "bank", "the bank"])
    one = Colouring((0, 0, 0), ("all",), NO_GROUP)
    hover = plot_map(mapped(study), study.uses, one).to_dict()["data"][0]["text"][0]
    assert len(hover) < 250
    assert hover.startswith("… word word")
    assert " tail …<br>" in hover


def test_one_colour_needs_no_legend(study: Study, uses: Uses):
    figure = plot_map(mapped(study), uses, Colouring((0,) * 5, ("all",), NO_GROUP)).to_dict()
    assert figure["layout"]["showlegend"] is False
    assert figure["data"][0]["marker"]["symbol"] == "circle"


def test_layers_stand_side_by_side_in_one_plane(study: Study, uses: Uses, senses: Colouring):
    drawn = mapped(study)
    figure = plot_layers(drawn.frame, study.views[1:], senses, (0,)).to_dict()
    assert len(figure["data"]) == 1 + 3 * len(study.views[2:])  # the token vectors are one dot
    ranges = {tuple(figure["layout"][f"xaxis{n}"]["range"]) for n in ("", 2, 3, 4)}
    assert len(ranges) == 1
    assert [note["text"] for note in figure["layout"]["annotations"]] == [*study.views[1:], "x5"]
    assert [list(trace["selectedpoints"]) for trace in figure["data"][:4]] == [[0], [0], [], []]


def test_scores_stand_beside_their_null(study: Study):
    scores = score_views(study)
    figure = plot_separation(study.views, scores, "Layer 2").to_dict()
    null, score = figure["data"]
    assert tuple(score["y"]) == study.views
    assert list(score["x"]) == [found.accuracy for found in scores]
    assert list(score["error_x"]["array"]) == [found.high - found.accuracy for found in scores]
    assert list(score["error_x"]["arrayminus"]) == [found.accuracy - found.low for found in scores]
    assert list(null["x"]) == [found.shuffled_mean for found in scores]
    assert list(null["error_x"]["array"]) == [found.shuffled_sd for found in scores]
    assert figure["layout"]["shapes"][0]["x0"] == scores[0].chance
    assert score["marker"]["symbol"].index("circle") == study.views.index("Layer 2")


def test_descriptions_hold_the_numbers(study: Study, uses: Uses, senses: Colouring):
    assert describe_map(mapped(study), uses, senses) == (
        "Map of 5 uses of bank by Layer 1 (PCA): 2 money, 2 river and 1 no labelled sense."
    )
    one = Colouring((0,) * 5, ("all",), NO_GROUP)
    assert describe_map(mapped(study, CONTEXT), uses, one) == "Map of 5 uses of bank by Context (PCA)."
    described = describe_separation(study.views, score_views(study))
    assert described.startswith("Uses nearest to their own sense's centroid: Context ")
    assert described.endswith("most frequent sense 50%, n = 4.")


def test_the_note_says_what_the_plane_shows(study: Study, uses: Uses):
    note = explain_map(mapped(study, "Layer 0 (token)"), uses)
    assert note == (
        "The token vector reads the spelling, not the sentence around it: 5 uses share one place."
    )
    assert "all layers share this plane" in explain_map(mapped(study), uses)
    assert "all layers share" not in explain_map(mapped(study, CONTEXT), uses)
    trust = mapped(study).faithfulness
    note = explain_map(mapped(study), uses)
    assert f"Trustworthiness {trust.trustworthiness:.2f}, continuity {trust.continuity:.2f} (2 neigh" in note


def test_a_sample_of_the_uses_says_so(study: Study, uses: Uses):
    sampled = dataclasses.replace(uses, found=1234)
    assert explain_map(mapped(study), sampled, 7).startswith("5 of 1,234 uses, drawn at random (seed 7). ")


def score_of(accuracy: float, low: float, p_value: float) -> Separation:
    return Separation(46, ("a", "b"), accuracy, low, 0.99, 0.5, 0.47, 0.09, p_value, ())


@pytest.mark.parametrize(
    ("score", "start"),
    [
        (score_of(0.93, 0.82, 0.005), "Layer 1 separates the senses."),
        (score_of(0.63, 0.49, 0.04), "Layer 1 does better than shuffled senses, but not surely"),
        (score_of(0.60, 0.51, 0.05), "No evidence that layer 1 separates the senses."),
    ],
)
def test_verdicts(score: Separation, start: str):
    assert verdict(score, "Layer 1").startswith(start)


def test_verdicts_name_the_view_in_a_sentence():
    assert verdict(score_of(0.93, 0.82, 0.005), "Uniform mix") == "The uniform mix separates the senses."
    assert (
        verdict(score_of(0.5, 0.4, 0.5), "Layer 0 (token)")
        == "No evidence that layer 0 (token) separates the senses."
    )


def test_scores_are_explained_with_both_nulls():
    assert explain_score(score_of(0.93, 0.82, 0.005)) == (
        "Of 46 uses, 93% lie nearest to the centroid of their own sense (95% interval 82% to 99%). "
        "By chance: 47% ± 9% with the senses shuffled, 50% by always naming the most frequent one (dotted)."
    )
