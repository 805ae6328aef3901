"""What a run will take is found out without taking it."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from elmo_core.exceptions import InputError
from elmo_core.pretraining.kept_models import is_kept
from elmo_core.runs.cost import measure_run, run_cost
from elmo_core.runs.presets import MINUTES
from tests.pretraining.corpora import small_settings


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"rows": 100_000_000}, "but .* are free"),
        ({"lstm_dim": 100_000_000}, "but .* are free"),
        ({"lstm_dim": 2**53 - 1, "projection_dim": 2**53 - 1}, "cannot be made here"),
        ({"n_layers": 100_000}, "100,000 layers are too many"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_made(setting: dict[str, int], said: str):
    rows = setting.pop("rows", MINUTES.config.rows)
    config = dataclasses.replace(
        MINUTES.config, rows=rows, model=dataclasses.replace(MINUTES.config.model, **setting)
    )
    with pytest.raises(InputError, match=said):
        measure_run(config, 1_000)


def test_measuring_draws_no_random_numbers_of_the_process_and_costs_what_is_kept():
    torch.manual_seed(7)
    drawn = torch.rand(3)
    torch.manual_seed(7)
    config = small_settings(total_words=90 * 20, checkpoint_steps=15)
    measured = measure_run(config, 20)
    assert torch.equal(torch.rand(3), drawn)
    more = dataclasses.replace(config, total_words=config.total_words * 10)
    steps = range(config.checkpoint_steps, more.total_steps + 1, config.checkpoint_steps)
    n_kept = sum(is_kept(step, config.checkpoint_steps, more.total_steps) for step in (0, *steps))
    cost = run_cost(more, measured, 0)
    weights = cost.disk_bytes - 3 * measured.weight_bytes
    assert abs(weights / (2 * measured.n_parameters) - 1 - n_kept) <= 1
