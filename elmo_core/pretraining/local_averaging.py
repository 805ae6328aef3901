"""Workers that train on their own and average what they have learned every few hundred steps.

This is local SGD with an outer step of Nesterov momentum (DiLoCo: Douillard et al. 2023), without lockstep.
At each of its checkpoints, worker k makes a round:

1. Its movement is d = weights - anchor. Its share s is the steps that it made since its last round, divided
   by these and the steps that the others have published since.
2. It takes an outer step on s d and adds it to the sum of its contributions:
   m <- momentum^r m + s d,   c_k <- c_k + rate (s d + momentum m).
   r is the number of rounds that the fastest worker has made meanwhile, at least 1.
3. It goes on from start + sum over all workers j of c_j, as they last published them: its next anchor.
4. It mixes the running averages of the weights by the same shares, and publishes c_k and the mixture.

The outer step is linear in the movements. So where all workers make one round each in turn, the sum of their
steps is DiLoCo's: one step of Nesterov momentum on the mean of the movements. A worker publishes the sum of
all that it has done, so no round is lost or counted twice, whoever reads it when, and all workers that have
read the same files have the same weights. What a worker that is gone has contributed stays; it holds nobody
back, and the others' shares grow by its own. A movement that began long ago counts by the few steps it took.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from elmo_core.exceptions import ConfigError, TrainingError
from elmo_core.nn.bilm import BiLM
from elmo_core.pretraining.run_folder import FREE_SETTINGS, OTHERS, differing_setting
from elmo_core.pretraining.shared_folder import SharedFolder, WeightFile, worker_file
from elmo_core.text.vocabulary import Vocabulary

log = logging.getLogger(__name__)
_PREFIX, _PARTS = "outer:", ("sum", "momentum", "anchor")
_SUM, _AVERAGE = "sum:", "average:"
AVERAGING = "averaging"
"""Key in the values of a worker's checkpoint."""
OUTER_COPIES = len(_PARTS)
"""float32 numbers that a worker keeps for each parameter beside those of any run."""


@dataclass(frozen=True)
class Worker:
    """One of several runs that share what they learn."""

    number: int
    """From 1."""
    n_workers: int
    """How many are meant to run; more may come, and some may never."""
    folder: Path
    """Shared by all of them."""
    outer_rate: float = 0.7
    """Size of the outer step."""
    outer_momentum: float = 0.5
    """Nesterov momentum of the outer step; 0.9, as in DiLoCo, went too far in `bench.local_workers`."""

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.n_workers:
            raise ConfigError(
                f"A worker is K/N with K from 1 to N, as in 1/2; got {self.number}/{self.n_workers}."
            )
        if not 0 < self.outer_rate <= 1 or not 0 <= self.outer_momentum < 1:
            raise ConfigError(
                "outer_rate must be in (0, 1] and outer_momentum in [0, 1), got "
                f"{self.outer_rate} and {self.outer_momentum}."
            )

    @classmethod
    def parse(cls, text: str, folder: Path) -> Worker:
        """Make a worker of "K/N" and the shared folder.

        Raises:
            ConfigError: the text is something else.
        """
        number, _, n_workers = text.partition("/")
        if not (number.isdecimal() and n_workers.isdecimal()):
            raise ConfigError(f"A worker is K/N with K from 1 to N, as in 1/2; got {text!r}.")
        return cls(int(number), int(n_workers), folder)

    @property
    def path(self) -> Path:
        """Its file in the shared folder."""
        return self.folder / worker_file(self.number)

    def seed(self, seed: int) -> int:
        """Return the seed of this worker, by which it reads the corpus in an order of its own."""
        return seed + self.number - 1


class LocalAveraging:
    """What one worker keeps for the rounds in which it averages with the others."""

    def __init__(self, worker: Worker, run: Path) -> None:
        """Describe the state before the first round.

        Args:
            worker: which one of how many.
            run: folder of the worker's own run.
        """
        self._worker = worker
        self._shared = SharedFolder(worker.folder, worker.number, run / OTHERS)
        self._start: WeightFile | None = None
        self._state: dict[str, dict[str, Tensor]] = {part: {} for part in _PARTS}
        self._rounds, self._steps, self._since = 0, 0, 0
        self._is_first_round = True
        self._seen: dict[int, tuple[int, int]] = {}

    def begin(
        self, model: BiLM, vocabulary: Vocabulary, identity: Mapping[str, Any], make: Callable[[], None]
    ) -> None:
        """Start from the weights of all workers as they stand.

        Args:
            model: receives the weights.
            vocabulary: words that it predicts.
            identity: of the run, from `run_folder.run_identity`.
            make: gives the model the weights to begin with, where no other worker has begun.

        Raises:
            TrainingError: the others train with another text, vocabulary or setting, or the shared folder
                cannot be used.
        """
        if self._shared.start() is None:
            make()
        words = hashlib.sha256("\n".join(vocabulary.words).encode("utf-8", "surrogatepass")).hexdigest()
        facts = {"corpus": identity["corpus"], "vocabulary": words, "config": identity["config"]}
        self._start = self._shared.begin(dict(model.named_parameters()), facts)
        self._require_same(self._start.facts, facts)
        own = self._shared.own()
        if own is not None and own.facts.get("start") != self._start.checksum:
            raise TrainingError(f"{own.path} is of another run; remove it, or share another folder.")
        if own is not None:  # of an earlier run of this worker, whose checkpoints are lost
            self._rounds, self._steps = own.facts["rounds"], own.facts["steps"]
        for name, parameter in model.named_parameters():
            zeros = torch.zeros(parameter.shape)
            self._state["sum"][name] = own.tensor(_SUM + name) if own else zeros
            self._state["momentum"][name] = zeros.clone()
        others = self._shared.others(self._start, [_SUM])
        self._seen = {number: _progress(file) for number, file in others.items()}
        self._go_on_from_sum(model, others)

    def _require_same(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Compare what the workers learn from and how."""
        for name, what in (("corpus", "training text"), ("vocabulary", "vocabulary")):
            if before.get(name) != now[name]:
                raise TrainingError(
                    f"The workers in {self._worker.folder} have another {what}; give all of them the same "
                    "files and options, or share another folder."
                )
        if found := differing_setting(before.get("config", {}), now["config"], FREE_SETTINGS | {"seed"}):
            name, theirs, ours = found
            raise TrainingError(
                f"The workers in {self._worker.folder} have another {name} ({theirs!r}, not {ours!r}); give "
                "all of them the same settings, or share another folder."
            )

    @torch.no_grad()
    def exchange(self, model: BiLM, average: dict[str, Tensor], step: int) -> None:
        """Make a round: take the outer step, and go on from what all workers have contributed.

        Args:
            model: as the worker has trained it; receives the weights to go on from.
            average: its running average by parameter, empty where none is kept; mixed with the others'.
            step: steps that this run has made.
        """
        assert self._start is not None
        others = self._shared.others(self._start, [_SUM, _AVERAGE] if average else [_SUM])
        before = {number: self._seen.get(number, (0, 0)) for number in others}
        new_rounds, new_steps = (
            {number: max(0, _progress(file)[i] - before[number][i]) for number, file in others.items()}
            for i in (0, 1)
        )
        own_steps = step - self._since
        total = own_steps + sum(new_steps.values())
        # nothing is known of the others in a first round, so they are taken to have made as many steps
        share = 1 / self._worker.n_workers if self._is_first_round else own_steps / total
        decay = self._worker.outer_momentum ** max([1, *new_rounds.values()])
        for name, parameter in model.named_parameters():
            moved = (parameter.cpu() - self._state["anchor"][name]) * share
            momentum = self._state["momentum"][name].mul_(decay).add_(moved)
            moved = moved.add_(momentum, alpha=self._worker.outer_momentum)
            self._state["sum"][name].add_(moved, alpha=self._worker.outer_rate)
        for name, own in average.items():
            own.mul_(own_steps / total)
            for number, file in others.items():
                if new_steps[number]:
                    own.add_(file.tensor(_AVERAGE + name).to(own.device), alpha=new_steps[number] / total)
        self._go_on_from_sum(model, others)
        self._rounds, self._steps, self._since = self._rounds + 1, self._steps + own_steps, step
        self._is_first_round = False
        self._seen.update({number: _progress(file) for number, file in others.items()})
        log.info(
            "round %d: %d steps here, share %.0f%%; steps of the others since the last one: %s",
            self._rounds, own_steps, 100 * share,
            ", ".join(f"worker {number}: {steps}" for number, steps in new_steps.items()) or "none",
        )  # fmt: skip

    @torch.no_grad()
    def _go_on_from_sum(self, model: BiLM, others: Mapping[int, WeightFile]) -> None:
        """Give a model the sum of the start and all contributions, in the order of the workers' numbers."""
        assert self._start is not None
        for name, parameter in model.named_parameters():
            weights = self._start.tensor(name)
            for number in sorted({*others, self._worker.number}):
                own = number == self._worker.number
                weights += self._state["sum"][name] if own else others[number].tensor(_SUM + name)
            self._state["anchor"][name] = weights
            parameter.copy_(weights)

    def publish(self, average: Mapping[str, Tensor]) -> None:
        """Publish the contributions so far; called once they are in a checkpoint.

        Args:
            average: running average by parameter, as `exchange` left it.

        Raises:
            TrainingError: another process has the same number.
        """
        assert self._start is not None
        tensors = {_SUM + name: tensor for name, tensor in self._state["sum"].items()}
        tensors |= {_AVERAGE + name: tensor for name, tensor in average.items()}
        facts = {"start": self._start.checksum, "rounds": self._rounds, "steps": self._steps}
        self._shared.publish(tensors, {**facts, "worker": self._worker.number})

    @property
    def other_steps(self) -> int:
        """Steps in the weights that this run has not made itself."""
        return self._steps - self._since + sum(steps for _, steps in self._seen.values())

    def snapshot(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return what a checkpoint needs: tensors, and JSON values for its key `AVERAGING`."""
        assert self._start is not None
        tensors = {
            f"{_PREFIX}{part}/{name}": tensor
            for part, named in self._state.items()
            for name, tensor in named.items()
        }
        return tensors, {
            "worker": self._worker.number,
            "start": self._start.checksum,
            "rounds": self._rounds,
            "steps": self._steps,
            "since": self._since,
            "is_first_round": self._is_first_round,
            "seen": {str(number): list(progress) for number, progress in self._seen.items()},
            "other_steps": self.other_steps,
        }

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        """Take up what `snapshot` gave, from a checkpoint.

        Raises:
            TrainingError: the shared folder is that of other workers.
        """
        self._start = self._shared.begun(values["start"])
        for part in _PARTS:
            prefix = f"{_PREFIX}{part}/"
            self._state[part] = {
                key.removeprefix(prefix): tensor for key, tensor in tensors.items() if key.startswith(prefix)
            }
        self._rounds, self._steps, self._since = values["rounds"], values["steps"], values["since"]
        self._is_first_round = values["is_first_round"]
        self._seen = {int(number): (rounds, steps) for number, (rounds, steps) in values["seen"].items()}

    def publish_again(self, average: Mapping[str, Tensor]) -> None:
        """Publish the round of a checkpoint if the process was killed before; argument as for `publish`."""
        own = None
        with contextlib.suppress(TrainingError):  # a damaged file is replaced
            own = self._shared.own()
        if self._rounds and (own is None or own.facts.get("rounds") != self._rounds):
            self.publish(average)


def without_outer_state(
    tensors: Mapping[str, Tensor], values: Mapping[str, Any]
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the content of a checkpoint as that of a run without other workers."""
    return (
        {name: tensor for name, tensor in tensors.items() if not name.startswith(_PREFIX)},
        {name: value for name, value in values.items() if name != AVERAGING},
    )


def require_same_worker(folder: Path, values: Mapping[str, Any], worker: Worker | None) -> None:
    """Refuse to resume the run of a worker as another one, or on its own.

    Args:
        folder: of the run.
        values: of its checkpoint.
        worker: that is to go on; None = a run without others.

    Raises:
        TrainingError: it was another one.
    """
    noted = values[AVERAGING]["worker"] if AVERAGING in values else None
    if noted == (worker.number if worker else None):
        return
    if noted is None:
        raise TrainingError(
            f"{folder} is a run without other workers; begin a worker in another folder, with --from and the "
            "model of that run."
        )
    raise TrainingError(
        f"{folder} is the run of worker {noted}; resume it with --worker {noted}/N and the folder that it "
        "shares, or finish a copy of it (--finish)."
    )


def _progress(file: WeightFile) -> tuple[int, int]:
    """Rounds and steps that a worker has published."""
    return int(file.facts["rounds"]), int(file.facts["steps"])
