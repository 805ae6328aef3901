"""The four official English models (Peters et al. 2018): facts, addresses, places. Data alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import platformdirs

ADDRESSES = (
    "https://allennlp.s3.amazonaws.com/models/elmo/",
    "https://s3-us-west-2.amazonaws.com/allennlp/models/elmo/",
)
"""Roots under which the files were published, in the order to try."""

_HEADER_BYTES = 1 << 16
"""More than HDF5 adds to the numbers of any of these models (31,400 in the one whose size is known)."""


@dataclass(frozen=True)
class PublishedModel:
    """One official model."""

    name: str
    title: str
    stem: str
    """Its folder under an address, and the middle of its file names."""
    n_parameters: int
    weights_bytes: int | None = None
    """Exact size of its weights file, where that is known."""

    @property
    def options_name(self) -> str:
        """Name of its options file."""
        return f"elmo_{self.stem}_options.json"

    @property
    def weights_name(self) -> str:
        """Name of its weights file."""
        return f"elmo_{self.stem}_weights.hdf5"

    @property
    def size_bytes(self) -> int:
        """Size of its weights file, within a few thousandths."""
        return self.weights_bytes or 4 * self.n_parameters

    @property
    def folder(self) -> Path:
        """Paths of its two files on this machine."""
        return Path(platformdirs.user_cache_dir("elmo-explorer", appauthor=False)) / "models" / self.name

    @property
    def is_available(self) -> bool:
        """Whether both files are there."""
        return all((self.folder / name).is_file() for name in (self.options_name, self.weights_name))

    def is_size_possible(self, n_bytes: int) -> bool:
        """Whether a weights file of this size can be this model's."""
        if self.weights_bytes is not None:
            return n_bytes == self.weights_bytes
        return 0 <= n_bytes - 4 * self.n_parameters <= _HEADER_BYTES


PUBLISHED = (
    PublishedModel(
        "official-small", "ELMo small (2 x 1024, 1B Word)", "2x1024_128_2048cnn_1xhighway", 13_593_296
    ),
    PublishedModel(
        "official-medium", "ELMo medium (2 x 2048, 1B Word)", "2x2048_256_2048cnn_1xhighway", 28_027_728
    ),
    PublishedModel(
        "official-original",
        "ELMo original (2 x 4096, 1B Word)",
        "2x4096_512_2048cnn_2xhighway",
        93_600_848,
        weights_bytes=374_434_792,
    ),
    PublishedModel(
        "official-5.5b",
        "ELMo original (2 x 4096, 5.5B words)",
        "2x4096_512_2048cnn_2xhighway_5.5B",
        93_600_848,
    ),
)
