"""What users of scikit-learn hand in: texts, labels, weights and settings, in any of their usual forms.

Texts are any sequence of strings, of token lists or of `Embedding`s: a list, a Series, an array, a
generator. A table of one column (a DataFrame, an array (n, 1), a dictionary of one list) stands for that
column. Everything else is refused in one sentence: nothing is taken for texts that only looks like them.

Labels are strings, whole numbers or booleans, none of them missing, all of one kind, and keep their kind.
Settings may be numpy's numbers: what equals a whole number is one, but a boolean is not.
"""

from __future__ import annotations

import math
import numbers
import secrets
import warnings
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.exceptions import DataConversionWarning

from elmo_core.embedding.result import Embedding
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.tables.records import counted, shortened

Item: TypeAlias = "str | Sequence[str] | Embedding"
"""A text, its tokens, or its vectors."""
WINDOW = 2000
"""Characters that the biLM reads of a text at once; a longer one is read in windows of this length."""
Seed: TypeAlias = "int | np.random.RandomState | np.random.Generator | None"
ClassWeight: TypeAlias = 'Mapping[Any, float] | Literal["balanced"] | None'


def check_texts(texts: object) -> list[Item]:
    """Make a list of texts of whatever was given; the rule stands at the top of this module.

    Raises:
        InputError: it is one string, a table of several columns, or holds anything but texts.
    """
    if isinstance(texts, str | bytes):
        raise InputError(
            f"A list of texts is wanted, got one {type(texts).__name__}; put it into a list: [text]."
        )
    column = _only_column(texts)
    try:
        items = list(column.to_pylist() if hasattr(column, "to_pylist") else column)
    except TypeError:
        raise InputError(f"A list of texts is wanted, got one {type(texts).__name__}.") from None
    _refuse_missing(items, "text", 'drop such rows, or put "" there')
    items = [_item(item, index) for index, item in enumerate(items)]
    are_rows = all(isinstance(item, list | tuple) and len(item) == 1 for item in items)
    if are_rows and any(len(str(item[0]).split()) > 1 for item in items):
        raise InputError(
            "Texts are wanted, got a list of rows with one cell each; give [row[0] for row in X]."
        )
    return items


def encode_labels(y: object, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes in order, and the number of each text's class, int64 (n,).

    Args:
        y: labels.
        n: texts.

    Raises:
        InputError: they are not n labels of one kind (see above), or all the same.
    """
    items = _labels(y)
    if len(items) != n:
        raise InputError(
            f"There are {counted(n, 'text')} but {len(items)} labels; give one label for each text."
        )
    if not items:
        raise InputError("There is no text to learn from; give texts of at least two classes.")
    _refuse_missing(items, "label", "drop such rows")
    kinds = {_kind(item) for item in items}
    if "" in kinds:
        wrong = next(item for item in items if not _kind(item))
        several = "; one text can have one label only" if isinstance(wrong, list | tuple | np.ndarray) else ""
        raise InputError(
            f"Labels must be strings, whole numbers or booleans, got a {type(wrong).__name__}{several}."
        )
    if len(kinds) > 1 and kinds != {"whole numbers", "numbers"}:
        raise InputError(f"Labels are a mixture of {' and '.join(sorted(kinds))}; make them one kind.")
    labels = np.array(items) if kinds != {"strings"} or not _is_object(y) else np.array(items, dtype=object)
    if labels.dtype.kind == "f":
        if not np.isfinite(labels).all():
            raise InputError("A label is infinity; drop such rows.")
        if (labels % 1).any():
            raise InputError(
                "Labels are continuous numbers (Unknown label type: continuous); "
                "a classifier needs classes, so round or group them, or make them strings."
            )
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError(
            f"The labels are of one class, {classes.tolist()[0]!r}; a classifier needs at least two classes."
        )
    return classes, codes.astype(np.int64)


def check_weights(weights: object, n: int) -> np.ndarray:
    """One weight for each text, float64 (n,); None = all 1.

    Raises:
        InputError: they are not n numbers from 0 up, of which at least one is positive.
    """
    if weights is None:
        return np.ones(n)
    try:
        values = np.asarray(weights, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("sample_weight must be numbers, one for each text.") from None
    if values.shape != (n,):
        raise InputError(
            f"There are {counted(n, 'text')} but sample_weight has the shape {values.shape}; "
            "give one weight for each text."
        )
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise InputError("sample_weight must be finite numbers from 0 up, not all of them zero.")
    return values


def class_weights(class_weight: ClassWeight, classes: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The weight of each class, float64 (K,).

    Args:
        class_weight: None = all 1; "balanced" = n / (K times the rows of the class); else by class, 1 for
            those that are not named.
        classes: K names.
        codes: int (n,), the class of each text.

    Raises:
        ConfigError: a weight is no number above 0, or none of the names is a class.
    """
    if class_weight is None:
        return np.ones(len(classes))
    if isinstance(class_weight, str):
        return np.asarray(len(codes) / (len(classes) * np.bincount(codes, minlength=len(classes))))
    given = dict(class_weight)
    if any(not isinstance(one, numbers.Real) or not 0 < one < math.inf for one in given.values()):
        raise ConfigError(
            f"The weights of class_weight must be numbers above 0, got {class_weight!r}; leave out the "
            "rows of a class that is not to be learned."
        )
    if given and not any(name in given for name in classes.tolist()):
        raise ConfigError(
            f"class_weight names {shortened([str(name) for name in given])}, none of which is a class "
            f"({shortened([str(name) for name in classes.tolist()])})."
        )
    return np.array([float(given.get(name, 1.0)) for name in classes.tolist()])


def whole(value: object) -> int | None:
    """A setting as a whole number: an int, or what equals one; None where it is none."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        return None
    number = float(value)
    return int(number) if number.is_integer() else None


def is_between(low: float, value: object, high: float) -> bool:
    """Whether a setting is a number above `low` and below `high`."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and low < float(value) < high


def is_positive_or_none(value: object) -> bool:
    """Whether a setting is a positive number, or not given."""
    return value is None or is_between(0, value, math.inf)


def is_count(value: object) -> bool:
    """Whether a setting is a whole number from 1 up."""
    return (whole(value) or 0) >= 1


def is_class_weight(value: object) -> bool:
    """Whether a setting is a `ClassWeight`."""
    return value is None or value == "balanced" or isinstance(value, Mapping)


def seed_of(random_state: Seed) -> int:
    """A seed: the number itself, one drawn from a generator, or a fresh one for None.

    Raises:
        ConfigError: it is none of these, or negative.
    """
    if random_state is None:
        return secrets.randbelow(2**31)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    seed = whole(random_state)
    if seed is None or seed < 0:
        raise ConfigError(
            f"random_state must be None, a whole number from 0 up, or a generator, got {random_state!r}."
        )
    return seed


def _only_column(texts: Any) -> Any:
    """The texts, or the only column of a table of them."""
    if isinstance(texts, Set):
        raise InputError("A list of texts is wanted, got a set, which has no order; give sorted(texts).")
    names = _column_names(texts)
    if names is not None:
        if len(names) != 1:
            told = f"; choose one, such as table[{names[0]!r}]" if names else ""
            columns = (
                f"{len(names)} columns ({shortened([str(name) for name in names])})" if names else "no column"
            )
            raise InputError(f"Texts are wanted, got a table with {columns}{told}.")
        column = texts[names[0]]
        if isinstance(column, str | bytes) or not isinstance(column, Iterable):
            raise InputError("A list of texts is wanted, got a dictionary; give its values as a list.")
        return column
    shape: Any = getattr(texts, "shape", ())
    if isinstance(texts, np.ndarray) and texts.ndim == 2 and shape[1] == 1:
        return np.asarray(texts).reshape(-1)
    if isinstance(shape, tuple) and len(shape) > 1:
        raise InputError(
            f"Texts are wanted, got an array ({'x'.join(map(str, shape))}); give a list of strings."
        )
    return texts


def _column_names(texts: Any) -> list[Any] | None:
    """Names of the columns of a table of any library; None for what is no table."""
    if isinstance(texts, Mapping):
        return list(texts)
    if isinstance(texts, np.ndarray):
        return list(texts.dtype.names) if texts.dtype.names else None
    for attribute in ("column_names", "columns"):
        names = getattr(texts, attribute, None)
        if names is not None and not callable(names):
            return list(names)
    return None


def _item(item: Any, index: int) -> Item:
    if isinstance(item, np.ndarray):
        if item.ndim == 1 and all(isinstance(token, str) for token in item.tolist()):
            return [str(token) for token in item.tolist()]
        shape = "x".join(map(str, item.shape))
        raise InputError(f"Texts are wanted, got an array ({shape}) as item {index}; give a list of strings.")
    if isinstance(item, bytes):
        raise InputError(f"Text {index} is bytes; decode it to a string first.")
    if not isinstance(item, str | list | tuple | Embedding):
        raise InputError(f"Text {index} is a {type(item).__name__}; give strings (and drop empty cells).")
    return item


def _labels(y: Any) -> list[Any]:
    """Labels one by one, those of an only column among them."""
    if y is None:
        raise InputError("A classifier requires y to be passed, but the target y is None; give labels.")
    if hasattr(y, "__array__") and not isinstance(y, Iterable):
        y = np.asarray(y)
    is_single = isinstance(y, str | bytes) or getattr(y, "shape", None) == ()
    if is_single or isinstance(y, Mapping) or not isinstance(y, Iterable):
        raise InputError(f"A list of labels is wanted, got one {type(y).__name__}; give one for each text.")
    shape: Any = getattr(y, "shape", ())
    if len(shape) > 1:
        if len(shape) > 2 or shape[1] != 1:
            raise InputError(f"One label for each text is wanted, got labels of shape {shape}.")
        told = "A column-vector y was passed when a 1d array was expected; its only column is taken."
        warnings.warn(told, DataConversionWarning, stacklevel=4)
        y = np.asarray(y).reshape(-1)
    return list(y)


def _refuse_missing(items: Sequence[object], noun: str, remedy: str) -> None:
    rows = [index for index, item in enumerate(items) if _is_missing(item)]
    if rows:
        verb = "is" if len(rows) == 1 else "are"
        raise InputError(
            f"{len(rows):,} of {counted(len(items), noun)} {verb} missing (NaN or None), the first at "
            f"position {rows[0]}; {remedy}."
        )


def _is_missing(item: object) -> bool:
    is_nan = isinstance(item, float | np.floating) and math.isnan(item)
    return item is None or is_nan or type(item).__name__ in ("NAType", "NaTType")


def _kind(label: object) -> str:
    """The kind of a label in the plural; empty for what cannot be one."""
    if isinstance(label, bool | np.bool_):
        return "booleans"
    if isinstance(label, numbers.Integral):
        return "whole numbers"
    if isinstance(label, numbers.Real):
        return "numbers"
    return "strings" if isinstance(label, str) else ""


def _is_object(y: object) -> bool:
    return getattr(getattr(y, "dtype", None), "kind", "") == "O"
