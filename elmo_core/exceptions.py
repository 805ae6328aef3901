"""All errors a user can meet, as one tree.

    ElmoError                      anything this package reports on purpose
    ├── ConfigError                a setting is impossible        (also a ValueError)
    ├── InputError                 a text or table is unusable    (also a ValueError)
    ├── ModelError                 a model's files are unusable   (also a ValueError)
    │   └── ModelNotFoundError     no such model or file          (also a FileNotFoundError)
    ├── OutputError                an output cannot be written    (also an InputError and a ModelError)
    ├── CorpusError                a training corpus is unusable  (also a ValueError)
    ├── DownloadError              a published file cannot be had (also an OSError)
    ├── MissingExtraError      an optional library is missing (also an ImportError)
    ├── TrainingError              training cannot go on          (also a RuntimeError)
    └── CancelledError             the user stopped the work

Every message is one sentence, or two: what was wanted, what was found and where, and what to do.
"""

from __future__ import annotations


class ElmoError(Exception):
    """Root of the tree: catch it to catch every error this package raises on purpose."""


class ConfigError(ElmoError, ValueError):
    """A setting is out of range or contradicts another one."""


class InputError(ElmoError, ValueError):
    """A text, a token list or a table cannot be used as given."""


class ModelError(ElmoError, ValueError):
    """The files of a model are damaged, incomplete, unsafe or do not belong together."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model under this name or path."""

    def __str__(self) -> str:  # FileNotFoundError would print the arguments as an errno pair
        return str(self.args[0]) if self.args else ""


class OutputError(InputError, ModelError):
    """An output cannot be written: it is an input or holds something else, or the disk refuses.

    It is caught by those who catch `InputError` or `ModelError`, which were raised for this before.
    """


class CorpusError(ElmoError, ValueError):
    """A training corpus is missing, damaged or too small."""


class DownloadError(ElmoError, OSError):
    """A published file could not be fetched or did not pass its checks."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class MissingExtraError(ElmoError, ImportError):
    """A library of an optional part of the program is not installed."""


class TrainingError(ElmoError, RuntimeError):
    """Training had to stop: the loss is not finite, the disk is full, a checkpoint does not fit."""


class CancelledError(ElmoError):
    """The user asked for the work to stop."""
