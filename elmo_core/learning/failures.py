"""The one error that scikit-learn's users expect by its own name."""

from __future__ import annotations

from sklearn.exceptions import NotFittedError as SklearnNotFittedError

from elmo_core.exceptions import ElmoError


class NotFittedError(ElmoError, SklearnNotFittedError):
    """A vectoriser or classifier was used before it was fitted; also scikit-learn's own NotFittedError."""


def require_fitted(estimator: object, attribute: str) -> None:
    """Check for an attribute that only `fit` sets.

    Raises:
        NotFittedError: it is not there.
    """
    if not hasattr(estimator, attribute):
        raise NotFittedError(f"This {type(estimator).__name__} is not fitted yet; call fit with texts first.")
