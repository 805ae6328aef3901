"""The blocks of a text embedded by several processes or machines at once, by Ray Data, and back in order.

One task reads and cuts the text as a single process would; each worker holds the model and embeds whole
blocks. So the rows have the same bits as those of a single process, and a job may go on with other workers
than it began with. A worker that dies is started again and gets its block once more.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from elmo_core.bulk.lines import LineReader
from elmo_core.bulk.rows import RowSettings
from elmo_core.embedding.blocks import cut_blocks
from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ElmoError, ModelError
from elmo_core.extras import extra
from elmo_core.models import load_encoder

if TYPE_CHECKING:
    import pyarrow as pa

_ADDRESS = "RAY_ADDRESS"
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_worker_niceness": "0",  # the workers are the job: they need not give way to everything else
}
"""Environment of a Ray that is started here; variables that are set already stay."""


@dataclass(frozen=True)
class WorkerPool:
    """The worker processes that embed."""

    model: str
    """Name or path of the model, the same for every worker."""
    n: int
    """Number of workers, each with one core."""


class _Embedder:
    """The model and settings of one worker."""

    def __init__(self, model: str, dtype: str, sha256: str, settings: RowSettings, language: str) -> None:
        self._elmo, self._settings = load_encoder(model, dtype=dtype, threads=1), settings
        self._language = language
        if self._elmo.fingerprint != sha256:
            raise ModelError(f"A worker finds another model under {model}; put the same one on all machines.")

    def __call__(self, table: pa.Table) -> pa.Table:
        """One block to its rows."""
        import pyarrow as pa

        (block,) = table["block"].to_pylist()
        found = self._elmo.embed(json.loads(block), language=self._language)
        rows = np.concatenate([self._settings.rows(one) for one in found])
        return pa.table(
            {
                "tokens": [json.dumps([one.tokens for one in found])],
                "rows": pa.array([rows.tobytes()], pa.large_binary()),
                "share": table["share"],
                "remarks": table["remarks"],
            }
        )


def embed_on_workers(
    elmo: Encoder, lines: LineReader, n_done: int, settings: RowSettings, workers: WorkerPool
) -> Iterator[list[tuple[list[str], np.ndarray]]]:
    """Embed the lines that are not done, each sentence on its own.

    Args:
        elmo: the model, to be sure that the workers have the same one.
        lines: the text, which the workers' machines must find under the same paths; its `share` and
            `remarks` are kept.
        n_done: lines to leave out.
        settings: what is kept of each sentence.
        workers: who embeds. They belong to the Ray cluster that RAY_ADDRESS names, or are started here.

    Yields:
        Tokens and rows of the sentences of each block, in order.

    Raises:
        ConfigError: Ray is not installed.
        InputError: as for a single process.
        ModelError: a worker cannot load the model, or finds another one.
    """
    with _ray_data(workers.n) as data:
        token_bytes = 4 * elmo.n_layers * elmo.dim
        blocks = data.from_items([0]).map_batches(
            _read, batch_format="pyarrow", fn_args=(lines, n_done, token_bytes), num_cpus=0
        )
        found = blocks.map_batches(
            _Embedder,
            fn_constructor_args=(
                workers.model,
                elmo.dtype,
                elmo.fingerprint,
                settings,
                lines.language,
            ),
            batch_size=1,
            batch_format="pyarrow",
            compute=data.ActorPoolStrategy(size=workers.n, max_tasks_in_flight_per_actor=2),
            num_cpus=1,
        )
        width = (elmo.n_layers, elmo.dim) if settings.vectors == "all" else (elmo.dim,)
        with _own_errors():
            for row in found.iter_rows():
                lines.share, lines.remarks = row["share"], json.loads(row["remarks"])
                yield list(_sentences(row, width, settings))


def _read(_: pa.Table, lines: LineReader, n_done: int, token_bytes: int) -> Iterator[pa.Table]:
    """The blocks of the text, one a row."""
    import pyarrow as pa

    for block in cut_blocks(itertools.islice(lines, n_done, None), token_bytes):
        remarks = json.dumps(lines.remarks)
        yield pa.table({"block": [json.dumps(block)], "share": [lines.share], "remarks": [remarks]})


def _sentences(
    row: dict[str, Any], width: tuple[int, ...], settings: RowSettings
) -> Iterator[tuple[list[str], np.ndarray]]:
    rows = np.frombuffer(row["rows"], dtype=settings.precision).reshape(-1, *width)
    start = 0
    for tokens in json.loads(row["tokens"]):
        end = start + (1 if settings.vectors == "pooled" else len(tokens))
        yield tokens, rows[start:end]
        start = end


@contextmanager
def _ray_data(n_workers: int) -> Iterator[Any]:
    """Ray Data, ready to run."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    with extra("distributed"):
        import ray
        import ray.data
    is_ours = not ray.is_initialized()
    if is_ours:
        source = str(Path(__file__).parents[2])
        here = {"num_cpus": n_workers, "include_dashboard": False} if _ADDRESS not in os.environ else {}
        environment = {"env_vars": {"PYTHONPATH": source}} if here else None
        ray.init(log_to_driver=False, logging_level="ERROR", runtime_env=environment, **here)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.target_max_block_size = 1  # each row is handed on at once
    context.enable_progress_bars = context.print_on_execution_start = False
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # bar and errors are ours
    try:
        yield ray.data
    finally:
        if is_ours:
            ray.shutdown()


@contextmanager
def _own_errors() -> Iterator[None]:
    """Bring what a worker complained about here as it was."""
    try:
        yield
    except Exception as error:
        ours: ElmoError | None = None
        cause: BaseException | None = error
        while cause is not None:
            ours = cause if isinstance(cause, ElmoError) else ours
            cause = getattr(cause, "cause", None) or cause.__cause__
        if ours is None:
            raise
        message = str(ours).partition("\n")[0]  # Ray adds lines on how to try again
        raise type(ours)(message) from None
