"""Builds an index of uses; a build that was stopped or killed goes on where it was.

Uses are written in batches of whole sentences, each an atomic version of the table, so the table itself
says how far the build is. The same corpus gives the same uses and vectors, whether or not it was interrupted.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from elmo_core.encoders.protocol import Encoder
from elmo_core.exceptions import ElmoError, InputError, ModelError, OutputError
from elmo_core.extras import extra
from elmo_core.files import OutputKind, atomic_file, claim_output
from elmo_core.index.records import CorpusSentence, is_use, schema, to_rows
from elmo_core.index.use_index import ABOUT, FORMAT, TABLE, UseIndex, read_about, unit_of
from elmo_core.progress import Report

MAX_USES = 10_000_000
APPROXIMATE_FROM = 100_000
"""Uses from which on searches are approximate; fewer are compared one and all."""
_BATCH_USES = 20_000
_NO_ROOM = re.compile(r"lance|no space|too large|quota|read-only|os error", re.IGNORECASE)
_MEAN_SENTENCES = 512
_RANDOM_PAIRS, _QUANTILES = 20_000, 1001


def is_index(folder: Path) -> bool:
    """Whether a folder holds an index, even one whose build was killed before its settings were written."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    if names <= {f"{ABOUT}.partial"}:  # as earlier versions left it
        return True
    try:
        return ABOUT in names and bool(read_about(folder))
    except ModelError:
        return False


INDEX_FOLDER = OutputKind("an index of uses", is_index, grows=True)


def build_use_index(
    elmo: Encoder,
    sentences: Iterable[CorpusSentence],
    folder: Path,
    *,
    corpus: str,
    language: str = "en",
    weights: tuple[float, ...] | None = None,
    max_uses: int = MAX_USES,
    report: Report | None = None,
    overwrite: bool = False,
) -> UseIndex:
    """Index the uses of all words of a corpus; what is begun when the work is stopped is written.

    Args:
        elmo: the model.
        sentences: the corpus, in the same order each time.
        folder: new or empty, or that of a build of the same corpus, which then goes on.
        corpus: identifies this corpus, for instance a digest; a build is resumed only with the same one.
        language: that its text was tokenised in, kept for those who search.
        weights: weights of the layers; None = the top layer.
        max_uses: stop after the sentence that reaches it.
        report: progress callback; the share is that of `max_uses`.
        overwrite: whether the index of another corpus, or with other settings, is replaced.

    Raises:
        InputError: the corpus is empty or `max_uses` is impossible.
        ModelError: the folder holds another index.
        OutputError: it holds something else, another process builds there, or the disk refuses.
    """
    if not 1 <= max_uses <= MAX_USES:
        raise InputError(f"max_uses must be 1 to {MAX_USES:,}, got {max_uses:,}.")
    chosen = weights or (0.0,) * (elmo.n_layers - 1) + (1.0,)
    remaining = iter(sentences)
    first = list(itertools.islice(remaining, _MEAN_SENTENCES))
    if not any(is_use(token) for sentence in first for token in sentence.tokens):
        raise InputError("The corpus has no words; give sentences with words.")
    facts: dict[str, Any] = {
        "format": FORMAT, "corpus": corpus, "model": elmo.name, "weights": list(chosen), "max_uses": max_uses,
    }  # fmt: skip
    if language != "en":  # named only then, so that indexes of earlier versions go on
        facts["language"] = language
    with claim_output(folder, kind=INDEX_FOLDER) as place, _disk_refusals(place):
        table = _open(place, facts, elmo, first, overwrite)
        about = read_about(place)
        if not about.get("complete"):
            mean = np.array(about["mean"], dtype=np.float32)
            _append(elmo, itertools.chain(first, remaining), table, (chosen, mean), max_uses, report)
            _finish(table, place, dict(about))
    return UseIndex(folder)


def remove_unused(parent: Path, days: float) -> tuple[Path, ...]:
    """Remove the indexes in a folder that nobody has used for some days; one that is being built stays.

    Args:
        parent: folder of the indexes. What is no index stays.
        days: since the time of the settings file, which `mark_used` renews.

    Returns:
        The folders that are gone.
    """
    gone, oldest = [], time.time() - days * 24 * 3600
    for about in sorted(parent.glob(f"*/{ABOUT}")):
        folder = about.parent
        with contextlib.suppress(OSError, ElmoError):  # it is being built, or gone by now
            if about.stat().st_mtime < oldest and is_index(folder):
                with claim_output(folder, kind=INDEX_FOLDER) as place:
                    _clear(place)
                shutil.rmtree(folder)
                gone.append(folder)
    return tuple(gone)


def mark_used(folder: Path) -> None:
    """Note that an index is used now; see `remove_unused`."""
    with contextlib.suppress(OSError):  # it lies on a disk that cannot be written
        os.utime(folder / ABOUT)


@contextmanager
def _disk_refusals(folder: Path) -> Iterator[None]:
    """One sentence where the store cannot write; it reports a full disk in its own errors."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        elsewhere = isinstance(error, OSError) and error.filename is not None  # such as a text that is gone
        if isinstance(error, ElmoError) or elsewhere or not _NO_ROOM.search(str(error)):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].partition(", /")[0][:120]
        raise OutputError(
            f"{folder} could not be written ({reason}); what is there is kept: free some space and go on."
        ) from None


def _open(
    folder: Path, facts: dict[str, Any], elmo: Encoder, first: list[CorpusSentence], overwrite: bool
) -> Any:
    """The table of a folder, made where there is none."""
    with extra("index"):
        import lancedb

    weights = elmo.fingerprint
    if other := _difference(folder, {**facts, "sha256": weights}):
        if not overwrite:
            raise ModelError(
                f"{folder} holds an index with another {other}; choose another folder, or say that it may be "
                "replaced (--overwrite)."
            )
        _clear(folder)
    if not (folder / ABOUT).is_file():
        (folder / f"{ABOUT}.partial").unlink(missing_ok=True)
        mean = _mean(elmo, first, tuple(facts["weights"]))
        _write_about(folder, {**facts, "sha256": weights, "mean": mean, "complete": False})
    store = lancedb.connect(str(folder))
    return store.create_table(TABLE, schema=schema(elmo.dim), exist_ok=True)


def _difference(folder: Path, facts: dict[str, Any]) -> str:
    """How the index of a folder differs from this one; empty where it does not, or there is none."""
    if not (folder / ABOUT).is_file():
        return ""
    about = read_about(folder)
    for name, value in facts.items():
        is_noted = name != "sha256" or name in about  # earlier versions noted no weights
        if is_noted and about.get(name) != value:
            return name if name in ("corpus", "sha256") else f"{name} ({about.get(name)!r}, not {value!r})"
    return ""


def _clear(folder: Path) -> None:
    """Remove an index, not the folder, which is claimed."""
    (folder / ABOUT).unlink()
    shutil.rmtree(folder / f"{TABLE}.lance", ignore_errors=True)


def _mean(elmo: Encoder, sentences: list[CorpusSentence], weights: tuple[float, ...]) -> list[float]:
    """Mean of the mix over all tokens of the first sentences."""
    total, n = np.zeros(elmo.dim), 0
    shares = np.asarray(weights) / sum(weights)
    for found in itertools.chain.from_iterable(elmo.stream(sentence.tokens for sentence in sentences)):
        total += np.tensordot(shares, found.layers, axes=1).sum(axis=0)
        n += len(found.tokens)
    return [float(np.float32(value)) for value in total / n]


def _written(table: Any) -> tuple[int, int]:
    """Uses and sentences that are in a table."""
    n_uses = table.count_rows()
    if not n_uses:
        return 0, 0
    last = table.search().where(f"id = {n_uses - 1}").select(["sentence"]).limit(2).to_arrow()
    if len(last) != 1:
        raise ModelError("The index holds uses twice; remove its folder and build it anew.")
    return n_uses, last["sentence"][0].as_py() + 1


def _append(
    elmo: Encoder,
    sentences: Iterator[CorpusSentence],
    table: Any,
    mix: tuple[tuple[float, ...], np.ndarray],
    max_uses: int,
    report: Report | None,
) -> None:
    """Write the uses that are not in the table yet."""
    n_uses, n_done = _written(table)
    unread, numbered = itertools.tee(itertools.islice(enumerate(sentences), n_done, None))
    embedded = itertools.chain.from_iterable(elmo.stream(sentence.tokens for _, sentence in unread))
    places: list[tuple[int, int, CorpusSentence]] = []
    vectors: list[np.ndarray] = []

    def write() -> None:
        nonlocal n_uses
        if places:
            table.add(to_rows(places, n_uses, np.concatenate(vectors)))
            n_uses += len(places)
            places.clear()
            vectors.clear()

    try:
        while n_uses + len(places) < max_uses and (found := next(embedded, None)) is not None:
            number, sentence = next(numbered)
            positions = [at for at, token in enumerate(sentence.tokens) if is_use(token)]
            if positions:
                places += [(number, at, sentence) for at in positions]
                vectors.append(unit_of(found.layers[:, positions], *mix))
            if report:
                n = n_uses + len(places)
                report(f"{n:,} uses of {number + 1:,} sentences", n / max_uses)
            if len(places) >= _BATCH_USES:
                write()
    except BaseException:
        # what is begun is written, unless the interruption came while it was written or put together
        if table.count_rows() == n_uses and len(places) == sum(map(len, vectors)):
            write()
        raise
    write()


def _finish(table: Any, folder: Path, about: dict[str, Any]) -> None:
    """Index the columns, compact the table, note what it is."""
    with extra("index"):
        from lancedb.index import BTree, IvfSq

    n_uses = table.count_rows()
    for column in ("id", "folded"):
        table.create_index(column, config=BTree())
    if n_uses >= APPROXIMATE_FROM:
        about["partitions"] = max(16, round(n_uses**0.5 / 4))
        table.create_index(
            "vector",
            config=IvfSq(
                distance_type="cosine", num_partitions=about["partitions"], max_iterations=15, sample_rate=128
            ),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that it removes versions which only a build has seen
        table.optimize(cleanup_older_than=timedelta(0))
    about["random_cosines"] = _random_cosines(table, n_uses)
    _write_about(folder, {**about, "n_uses": n_uses, "complete": True})


def _random_cosines(table: Any, n_uses: int) -> list[float]:
    """Quantiles of the cosines of random pairs of uses (seed 42)."""
    generator = np.random.default_rng(42)
    ids = np.sort(generator.choice(n_uses, min(n_uses, 2_000), replace=False))
    wanted = f"id IN ({', '.join(map(str, ids))})"
    found = table.search().where(wanted).select(["id", "vector"]).limit(len(ids)).to_arrow().sort_by("id")
    units = np.array(found["vector"].to_pylist(), dtype=np.float32)
    first, second = generator.integers(len(units), size=(2, _RANDOM_PAIRS))
    cosines = (units[first] * units[second]).sum(axis=1)[first != second]
    return [float(v) for v in np.quantile(cosines, np.linspace(0, 1, _QUANTILES))] if len(cosines) else []


def _write_about(folder: Path, about: dict[str, Any]) -> None:
    with atomic_file(folder / ABOUT) as partial:
        partial.write_text(json.dumps(about) + "\n", encoding="utf-8")
