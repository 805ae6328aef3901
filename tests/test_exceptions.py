"""The tree of errors: each can also be caught as the built-in error it is."""

from __future__ import annotations

import pytest

from elmo_core import exceptions
from elmo_core.exceptions import ElmoError

PARENTS = {
    "ConfigError": ValueError,
    "InputError": ValueError,
    "ModelError": ValueError,
    "MissingExtraError": ImportError,
    "ModelNotFoundError": FileNotFoundError,
    "OutputError": ValueError,
    "CorpusError": ValueError,
    "DownloadError": OSError,
    "TrainingError": RuntimeError,
    "CancelledError": ElmoError,
}


def test_every_error_is_listed_here_and_in_the_drawing():
    found = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, ElmoError) and value is not ElmoError
    }
    assert found == set(PARENTS)
    assert all(name in exceptions.__doc__ for name in found)


@pytest.mark.parametrize("name", PARENTS)
def test_an_error_is_its_built_in_relative_and_says_its_sentence(name: str):
    kind = getattr(exceptions, name)
    assert issubclass(kind, ElmoError)
    assert issubclass(kind, PARENTS[name])
    assert str(kind("There is no model here.")) == "There is no model here."
    assert str(kind()) == ""


def test_a_missing_model_is_a_model_error():
    with pytest.raises(exceptions.ModelError, match="gone"):
        raise exceptions.ModelNotFoundError("gone")
