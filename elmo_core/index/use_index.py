"""An index of uses on disk, opened for questions.

The store is LanceDB: embedded (no server to run), columns and vectors in one table with SQL filters, every
write an atomic version (a killed build leaves a readable table), read from disk as it is needed instead of
loaded, and the same table can lie on S3, Google or Azure storage or behind LanceDB's server when a disk is
not enough. Libraries of nearest neighbours alone (FAISS, hnswlib) keep everything in memory and know no
columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from elmo_core.exceptions import ModelError, ModelNotFoundError
from elmo_core.extras import extra
from elmo_core.index.records import FoundUse, UseFilter
from elmo_core.weights.jsonfile import read_json
from elmo_core.weights.store import JsonValue

ABOUT, TABLE, FORMAT = "index.json", "uses", 1
PROBED_SHARE = 0.12
"""Number of partitions that a search looks into."""
REFINED = 10
"""Candidates per answer that are compared again by their exact vectors."""
_COLUMNS = ["id", "sentence", "position", "word", "left", "right", "source", "label"]


class UseIndex:
    """Uses of words with their contextual vectors."""

    def __init__(self, folder: Path) -> None:
        """Open an index.

        Raises:
            ModelNotFoundError: there is none in this folder.
            ModelError: it is damaged or of a newer version.
        """
        with extra("index"):
            import lancedb

        self.folder = folder
        self.about: dict[str, JsonValue] = read_about(folder)
        try:
            self._table: Any = lancedb.connect(str(folder)).open_table(TABLE)
            self.n_uses: int = self._table.count_rows()
        except (OSError, ValueError, RuntimeError) as error:
            raise ModelError(f"The index in {folder} is damaged ({_brief(error)}); build it anew.") from None
        self.weights: tuple[float, ...] = tuple(self.about["weights"])  # type: ignore[arg-type]
        self._mean = np.array(self.about["mean"], dtype=np.float32)
        self._quantiles = np.array(self.about.get("random_cosines", []), dtype=np.float64)
        self._n_partitions = int(str(self.about.get("partitions", 0)))

    @property
    def is_complete(self) -> bool:
        """Whether it holds the whole corpus."""
        return bool(self.about.get("complete", False))

    @property
    def size_bytes(self) -> int:
        """On disk."""
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def unit(self, layers: np.ndarray) -> np.ndarray:
        """The direction of a use in this index.

        Args:
            layers: (L, D) vectors of the use.

        Returns:
            float32 (D,).
        """
        return np.asarray(unit_of(layers[:, None], self.weights, self._mean)[0])

    def nearest(
        self, layers: np.ndarray, n: int = 10, *, where: UseFilter | None = None, exact: bool = False
    ) -> tuple[FoundUse, ...]:
        """The uses nearest to one use.

        Args:
            layers: (L, D) its vectors.
            n: uses to name.
            where: which count.
            exact: whether to compare with every vector, however long that takes.

        Raises:
            ModelError: the vectors are not of the model of this index.
        """
        if layers.shape != (len(self.weights), len(self._mean)):
            raise ModelError(
                f"This index was built by {self.about['model']} (layers of width {len(self._mean)}); ask it "
                f"with vectors of that model, not of shape {layers.shape}."
            )
        query = self._table.search(self.unit(layers)).distance_type("cosine").select([*_COLUMNS, "_distance"])
        if exact or not self._n_partitions:
            query = query.bypass_vector_index()
        else:
            query = query.nprobes(max(1, round(PROBED_SHARE * self._n_partitions))).refine_factor(REFINED)
        if where is not None and where.sql():
            query = query.where(where.sql(), prefilter=True)
        return tuple(self._found(row) for row in query.limit(n).to_arrow().to_pylist())

    def uses_of(self, word: str, n: int = 100, *, where: UseFilter | None = None) -> tuple[FoundUse, ...]:
        """The first n uses of a word, in order of the corpus."""
        chosen = where or UseFilter()
        condition = UseFilter(word, chosen.source, chosen.label).sql()
        rows = self._table.search().where(condition).select(_COLUMNS).limit(n).to_arrow().to_pylist()
        return tuple(self._found(row) for row in sorted(rows, key=lambda row: row["id"]))

    def vectors(self, ids: list[int]) -> np.ndarray:
        """Directions of uses by their ids: float32 (n, D)."""
        wanted = f"id IN ({', '.join(map(str, ids))})"
        rows = (
            self._table.search().where(wanted).select(["id", "vector"]).limit(len(ids)).to_arrow().to_pylist()
        )
        found = {row["id"]: row["vector"] for row in rows}
        return np.array([found[id] for id in ids], dtype=np.float32)

    def _found(self, row: dict[str, Any]) -> FoundUse:
        distance = row.pop("_distance", None)
        cosine = None if distance is None else 1 - float(distance)
        percentile = None
        if cosine is not None and len(self._quantiles):
            percentile = float(np.searchsorted(self._quantiles, cosine) / len(self._quantiles))
        return FoundUse(**row, cosine=cosine, percentile=percentile)


def unit_of(layers: np.ndarray, weights: tuple[float, ...], mean: np.ndarray) -> np.ndarray:
    """Mix of layers (L, n, D) from the mean of the corpus, at length 1: float32 (n, D)."""
    shares = np.asarray(weights, dtype=np.float32) / np.float32(sum(weights))
    mixed = np.tensordot(shares, layers.astype(np.float32), axes=1) - mean
    return np.asarray(mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12))


def read_about(folder: Path) -> dict[str, JsonValue]:
    """The facts of an index.

    Raises:
        ModelNotFoundError: there is none in this folder.
        ModelError: it is damaged or of a newer version.
    """
    if not (folder / ABOUT).is_file():
        raise ModelNotFoundError(f"There is no index of uses in {folder}; build one first.")
    about = read_json(folder / ABOUT)
    if about.get("format") != FORMAT or not isinstance(about.get("mean"), list):
        raise ModelError(f"{folder / ABOUT} does not describe an index of format {FORMAT}; build it anew.")
    return about


def _brief(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
