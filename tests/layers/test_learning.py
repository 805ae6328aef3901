"""Learned mixes and probes on data whose answer is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from elmo_core.exceptions import CancelledError, InputError
from elmo_core.layers.head import fit_head
from elmo_core.layers.labelled import Labelled, label_vectors
from elmo_core.layers.learned import BEST, LEARNED, UNIFORM, MixStudy, study_mixtures, verdict
from elmo_core.layers.probing import HALVES, ProbingCurves, probe_layers

N_TYPES = 12


def planted(n: int = 160) -> Labelled:
    """Layer 0 knows the type, layer 1's forward half the label, layer 2 nothing."""
    generator = np.random.default_rng(1)
    codes, types = np.arange(n) % 2, generator.integers(N_TYPES, size=n)
    layers = 0.6 * generator.standard_normal((3, n, 24))
    layers[0] += 2 * generator.standard_normal((N_TYPES, 24))[types]
    layers[1, :, :12] += 0.6 * generator.standard_normal((2, 12))[codes]
    return label_vectors(
        layers.astype(np.float32), [f"label {code}" for code in codes], types=[f"type {one}" for one in types]
    )


@pytest.fixture(scope="module")
def data() -> Labelled:
    return planted()


@pytest.fixture(scope="module")
def study(data: Labelled) -> MixStudy:
    return study_mixtures(data, seeds=(0, 1, 2))


def test_the_head_is_a_minimum_of_its_loss(data: Labelled):
    fitted = fit_head(data.layers, data.codes, penalty=0.03, l2=0.01)
    raw = torch.log(torch.tensor(fitted.weights))
    parts = [
        raw - raw.mean(),
        torch.tensor(fitted.gamma),
        torch.tensor(fitted.matrix),
        torch.tensor(fitted.bias),
    ]
    layers = torch.tensor((data.layers - fitted.centre) / fitted.scale)
    codes = torch.tensor(data.codes)

    def loss(
        raw: torch.Tensor, gamma: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        mixed = gamma * torch.tensordot(raw.softmax(0), layers, dims=1)
        penalty = 0.015 * (matrix.square().sum() + gamma**2) + 0.01 * raw.square().sum()
        return F.cross_entropy(mixed @ matrix + bias, codes) + penalty

    least = float(loss(*parts))
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        moved = [part + 0.05 * torch.randn(part.shape, generator=generator) for part in parts]
        assert float(loss(*moved)) > least - 1e-4


def test_learned_weights_go_to_the_layer_that_knows(study: MixStudy):
    assert min(weights[1] for weights in study.method(LEARNED).weights) > 0.6
    assert study.accuracy(LEARNED).value > 0.8
    assert study.accuracy("Layer 0 (token)").value < 0.7
    assert study.best_single == "Layer 1"
    assert study.learned_mixture.weights[1] > 0.6
    assert study.majority == pytest.approx(0.5)
    assert study.n_train + study.n_test == 160


def test_all_mixtures_are_scored_on_the_same_rows(study: MixStudy):
    assert [method.name for method in study.methods][-3:] == [UNIFORM, BEST, LEARNED]
    gap = study.difference(LEARNED, LEARNED)
    assert (gap.value, gap.low, gap.high) == (0, 0, 0)
    assert study.method(UNIFORM).weights[0] == pytest.approx((1 / 3,) * 3)


def test_lambda_pulls_the_weights_to_the_uniform_mix(data: Labelled):
    strong = study_mixtures(data, seeds=(0,), l2=10.0).method(LEARNED).weights[0]
    assert strong == pytest.approx((1 / 3,) * 3, abs=0.03)


def test_the_verdict_claims_no_more_than_the_interval(study: MixStudy):
    for other in (UNIFORM, study.best_single):
        gap = study.difference(LEARNED, other)
        spoken = "the uniform mix" if other == UNIFORM else other
        claims = f"better than {spoken}" in verdict(study)
        assert claims == (gap.low > 0)


def test_work_stops_when_its_report_says_so(data: Labelled):
    def stop(doing: str, share: float) -> None:
        if share > 0.1:
            raise CancelledError

    with pytest.raises(CancelledError):
        study_mixtures(data, report=stop)
    with pytest.raises(CancelledError):
        probe_layers(data, report=stop)


@pytest.fixture(scope="module")
def curves(data: Labelled) -> ProbingCurves:
    return probe_layers(data, seeds=(0, 1))


def test_probes_find_layer_and_direction(curves: ProbingCurves):
    def accuracy(layer: int, half: str) -> float:
        return curves.accuracy(curves.probe(layer, half)).value

    assert accuracy(1, "forward") > 0.85
    assert accuracy(1, "both") > 0.8
    assert max(accuracy(1, "backward"), *(accuracy(2, half) for half in HALVES)) < 0.72


def test_the_context_is_probed_like_a_layer(data: Labelled, curves: ProbingCurves):
    assert curves.names == ("Layer 0 (token)", "Layer 1", "Layer 2")
    around = replace(data, around=data.layers[1].copy())
    more = probe_layers(around, seeds=(0, 1), halves=("forward",))
    assert more.names == (*curves.names, "Context")
    assert more.probe(3, "forward").accuracies == curves.probe(1, "forward").accuracies


def test_random_labels_by_type_are_learned_where_types_are_known(curves: ProbingCurves):
    assert curves.controls_types
    assert curves.control(curves.probe(0, "both")).value > 0.9  # the type is all that the control asks for
    assert curves.selectivity(curves.probe(0, "both")).value < -0.2
    assert curves.selectivity(curves.probe(1, "forward")).value > 0.15
    assert curves.majority == pytest.approx(0.5)


def test_instances_of_one_type_get_labels_of_their_own(data: Labelled):
    alone = label_vectors(data.layers, data.labels)
    curves = probe_layers(alone, seeds=(0,))
    assert not curves.controls_types
    assert curves.control(curves.probe(1, "forward")).value < 0.72


def test_too_few_instances_are_refused():
    few = label_vectors(np.zeros((3, 4, 2), np.float32), ["a", "b"] * 2)
    with pytest.raises(InputError, match="at least 8"):
        study_mixtures(few)
    with pytest.raises(InputError, match="at least 8"):
        probe_layers(few)
