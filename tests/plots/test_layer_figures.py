"""Figures of mixtures, layers and maps, opened as data."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core import load_elmo
from elmo_core.geometry.projection import MapSettings
from elmo_core.layers.contextuality import measure_contextuality
from elmo_core.layers.labelled import Labelled, label_vectors
from elmo_core.layers.learned import study_mixtures
from elmo_core.layers.mixture import Mixture, mixture_grid
from elmo_core.layers.probing import probe_layers
from elmo_core.layers.scores import score_mixtures
from elmo_core.maps.points import MapPoints, given_points
from elmo_core.maps.text_map import map_points
from elmo_core.plots.layers import (
    describe_contextuality,
    describe_probing,
    describe_study,
    plot_contextuality,
    plot_learned_weights,
    plot_probing,
    plot_study,
)
from elmo_core.plots.maps import colouring, describe_map, explain_map, plot_map, shown_rows
from elmo_core.plots.mixtures import describe_scores, plot_mixed, plot_pairs, plot_triangle


def labelled(n_layers: int, n: int = 40) -> Labelled:
    generator = np.random.default_rng(0)
    codes = np.arange(n) % 2
    layers = generator.standard_normal((n_layers, n, 12)) + codes[None, :, None]
    return label_vectors(layers.astype(np.float32), [("<b>yes", "no")[code] for code in codes])


@pytest.fixture(scope="module")
def data() -> Labelled:
    return labelled(3)


def test_the_triangle_has_layers_as_corners_and_a_cell_for_every_mixture(data: Labelled):
    scores = score_mixtures(data, mixture_grid(3), "separation")
    marks = {"uniform mix": Mixture.uniform(3), "current": Mixture.single(1, 3)}
    figure = plot_triangle(scores, marks)
    cells, uniform, current = figure.data
    assert len(cells.x) == 66
    np.testing.assert_allclose(cells.marker.color, scores.values)
    corners = {layer: int(np.flatnonzero(scores.mixtures[:, layer] == 1)[0]) for layer in range(3)}
    places = [(cells.x[corners[layer]], cells.y[corners[layer]]) for layer in range(3)]
    np.testing.assert_allclose(places, [(0, 0), (0.5, np.sqrt(3) / 2), (1, 0)], atol=1e-12)
    np.testing.assert_allclose((uniform.x[0], uniform.y[0]), np.mean(places, axis=0))
    assert (current.x[0], current.y[0]) == places[1]
    assert list(cells.customdata) == list(range(66))
    assert "Layer 1 100%" in cells.text[corners[1]]
    for layer, drawn in enumerate(figure.layout.annotations):
        assert f"{scores.values[corners[layer]]:.0%}" in drawn.text
    assert "over 66 mixtures of 3 layers" in describe_scores(scores)


def test_other_numbers_of_layers_have_a_matrix_of_pairs():
    scores = score_mixtures(labelled(4), mixture_grid(4), "pairs")
    figure = plot_pairs(scores)
    (cells,) = figure.data
    assert len(cells.x) == 16  # four layers, and six pairs twice
    at = {(x, y): row for x, y, row in zip(cells.x, cells.y, cells.customdata, strict=True)}
    np.testing.assert_array_equal(scores.mixtures[at[(1, 2)]], (0, 0.5, 0.5, 0))
    assert at[(1, 2)] == at[(2, 1)]
    np.testing.assert_array_equal(scores.mixtures[at[(3, 3)]], (0, 0, 0, 1))
    assert len(plot_pairs(score_mixtures(labelled(2), mixture_grid(2), "pairs")).data[0].x) == 4


def test_labels_in_the_picture_are_text_not_tags(data: Labelled):
    figure = plot_mixed(np.zeros((40, 2)), data.labels, data.contexts)
    assert {trace.name for trace in figure.data} == {"&lt;b&gt;yes (20)", "no (20)"}


def test_many_labels_share_the_last_mark():
    figure = plot_mixed(np.zeros((30, 2)), [str(row % 10) for row in range(30)], [""] * 30)
    assert figure.data[-1].name == "others (9)"
    assert sum(len(trace.x) for trace in figure.data) == 30


def test_study_and_weights(data: Labelled):
    study = study_mixtures(data, seeds=(0, 1))
    splits, means = plot_study(study).data
    assert list(means.y) == [method.name for method in study.methods]
    assert means.x[-1] == pytest.approx(study.accuracy("Learned mix").value)
    assert len(splits.x) == 2 * len(study.methods)
    bars, marks = plot_learned_weights(study).data
    assert sum(bars.y) == pytest.approx(1)
    assert len(marks.x) == 6
    assert "Learned mix" in describe_study(study)


def test_probes_stand_beside_their_controls(data: Labelled):
    curves = probe_layers(data, seeds=(0, 1))
    figure = plot_probing(curves)
    assert [trace.name for trace in figure.data][:2] == ["forward", "forward, random labels"]
    assert figure.data[4].y[2] == pytest.approx(curves.accuracy(curves.probe(2, "both")).value)
    assert "random labels" in describe_probing(curves)


def test_contextuality_shows_its_baseline():
    texts = [f"the {a} saw the old {b}" for a in "abcd" for b in "wxyz"]
    found = measure_contextuality(load_elmo("tiny"), texts)
    figure = plot_contextuality(found)
    assert [trace.name for trace in figure.data][-1] == "Baseline: random tokens"
    assert figure.data[-1].y[0] == pytest.approx(found.anisotropy[0].value)
    assert "less its baseline" in describe_contextuality(found)


@pytest.fixture(scope="module")
def points() -> MapPoints:
    generator = np.random.default_rng(0)
    kinds = ["<i>common" if row % 3 else f"rare {row}" for row in range(60)]
    return given_points(generator.standard_normal((60, 5)), kinds, {"kind": kinds}, most=100)


def test_a_map_carries_the_rows_of_its_points(points: MapPoints):
    found = map_points(points, MapSettings("pca"))
    colours = colouring(points, "kind")
    figure = plot_map(points, found, "Own vectors", colours, np.arange(60), {3, 4})
    assert figure.data[0].name == "&lt;i&gt;common (40)"
    assert figure.data[-1].name.startswith("others")
    rows = sorted(int(row) for trace in figure.data for row in trace.customdata)
    assert rows == list(range(60))
    marked = [int(t.customdata[at]) for t in figure.data for at in t.selectedpoints or ()]
    assert sorted(marked) == [3, 4]
    x = {int(row): x for trace in figure.data for row, x in zip(trace.customdata, trace.x, strict=True)}
    assert x[7] == found.coordinates[0, 7, 0]
    assert "Trustworthiness" in explain_map(found, "Own vectors")
    assert "60 points" in describe_map(points, found, "Own vectors", "kind")


def test_a_map_in_space(points: MapPoints):
    found = map_points(points, MapSettings("pca", n_dims=3))
    figure = plot_map(points, found, "Own vectors", colouring(points, "kind"), np.arange(60), {3})
    assert {trace.type for trace in figure.data} == {"scatter3d"}


def test_a_sample_holds_what_was_searched_for():
    assert shown_rows(10).tolist() == list(range(10))
    rows = shown_rows(1000, wanted=[999, 5], most=50)
    assert len(rows) == 50
    assert {5, 999} <= set(rows.tolist())
    assert (np.diff(rows) > 0).all()
