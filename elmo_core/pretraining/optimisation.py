"""Optimisers of a training run: the paper's Adagrad, or AdamW with warm-up and cosine.

The softmax matrix has a sparse gradient under the sampled loss (rows of drawn words and targets),
so it has an optimiser of its own that touches those rows alone.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elmo_core.exceptions import TrainingError
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.settings import PretrainConfig

_SOFTMAX = "softmax.weight"


def learning_rate(config: PretrainConfig, step: int) -> float:
    """Rate of a step (counted from 0)."""
    if config.optimiser == "adagrad":
        return config.learning_rate
    if step < config.warm_up_steps:
        return config.learning_rate * (step + 1) / config.warm_up_steps
    start = max(config.warm_up_steps, config.decay_from * config.total_steps)
    progress = min(1.0, max(0.0, (step - start) / max(1.0, config.total_steps - start)))
    share = config.final_rate + (1 - config.final_rate) * 0.5 * (1 + math.cos(math.pi * progress))
    return config.learning_rate * share


class Optimisation:
    """Clips the gradients and takes the steps of one model."""

    def __init__(self, model: BiLM, config: PretrainConfig, sampled: bool) -> None:
        """Make the optimisers.

        Args:
            model: whose parameters are trained.
            config: the run's settings.
            sampled: whether the softmax matrix has a sparse gradient.
        """
        self._config = config
        self._parameters = dict(model.named_parameters())
        # said explicitly, because torch warns at the first sparse tensor where neither was asked for
        torch.sparse.check_sparse_tensor_invariants.disable()
        if config.optimiser == "adagrad":
            # as bilm-tf: accumulators start at 1, no epsilon worth the name, no decay
            self._optimisers: list[torch.optim.Optimizer] = [
                torch.optim.Adagrad(
                    self._parameters.values(), lr=config.learning_rate, initial_accumulator_value=1.0
                )
            ]
            return
        dense = {name: p for name, p in self._parameters.items() if not (sampled and name == _SOFTMAX)}
        groups = [
            {
                "params": [p for name, p in dense.items() if _decays(name, p)],
                "weight_decay": config.weight_decay,
            },
            {"params": [p for name, p in dense.items() if not _decays(name, p)], "weight_decay": 0.0},
        ]
        self._optimisers = [torch.optim.AdamW(groups, betas=(0.9, 0.99), fused=True)]
        if sampled:
            self._optimisers.append(torch.optim.SparseAdam([self._parameters[_SOFTMAX]], betas=(0.9, 0.99)))

    def step(self, step: int) -> float:
        """Clip, update, forget the gradients.

        Args:
            step: number of the step, counted from 0.

        Returns:
            The global norm of the gradients before clipping.

        Raises:
            TrainingError: the norm is not finite.
        """
        config = self._config
        scale = float(config.unroll_steps) if config.loss_times_unroll else 1.0
        gradients = []
        for parameter in self._parameters.values():
            if parameter.grad is None:
                continue
            if parameter.grad.is_sparse:
                parameter.grad = parameter.grad.coalesce()
                gradients.append(parameter.grad._values())
            else:
                gradients.append(parameter.grad)
        norm = scale * float(torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients])))
        if not math.isfinite(norm):
            raise TrainingError(
                f"The gradients are not finite at step {step}; lower learning_rate and start a new run, the "
                "last checkpoint of this one is kept."
            )
        factor = scale * min(1.0, config.clip_norm / (norm + 1e-12))
        for gradient in gradients:
            gradient.mul_(factor)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(config, step)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        return norm

    def tensors(self) -> dict[str, Tensor]:
        """All that the optimisers remember, by `parameter/name`."""
        found = {}
        for optimiser in self._optimisers:
            for name, parameter in self._parameters.items():
                for key, value in optimiser.state.get(parameter, {}).items():
                    found[f"{name}/{key}"] = value if isinstance(value, Tensor) else torch.tensor(value)
        return found

    def load_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Take up what `tensors` gave."""
        for optimiser in self._optimisers:
            held = {id(parameter) for group in optimiser.param_groups for parameter in group["params"]}
            for name, parameter in self._parameters.items():
                state = {
                    key.rpartition("/")[2]: value
                    for key, value in tensors.items()
                    if key.startswith(f"{name}/")
                }
                if id(parameter) in held and state:
                    if isinstance(optimiser, torch.optim.SparseAdam):
                        state["step"] = int(state["step"])  # type: ignore[assignment]
                    optimiser.state[parameter] = state


def _decays(name: str, parameter: Tensor) -> bool:
    """Matrices are decayed, but for tables of vectors and the softmax."""
    return parameter.dim() == 2 and not name.startswith(("softmax", "word_embedding", "char_cnn.embedding"))
