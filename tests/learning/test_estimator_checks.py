"""Scikit-learn's own checks: those that need no data, and, through numbers written as words, many others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.utils import estimator_checks as checks
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from elmo_core import ElmoClassifier, ElmoTagger, ElmoVectorizer

WITHOUT_DATA = (
    checks.check_do_not_raise_errors_in_init_or_set_params,
    checks.check_estimator_cloneable,
    checks.check_estimator_repr,
    checks.check_estimator_tags_renamed,
    checks.check_get_params_invariance,
    checks.check_mixin_order,
    checks.check_no_attributes_set_in_init,
    checks.check_parameters_default_constructible,
    checks.check_set_params,
    checks.check_valid_tag_types,
)
OF_BOTH = (
    checks.check_dict_unchanged,
    checks.check_dont_overwrite_parameters,
    checks.check_estimators_fit_returns_self,
    checks.check_estimators_overwrite_params,
    checks.check_estimators_pickle,
    checks.check_estimators_unfitted,
    checks.check_fit_check_is_fitted,
    checks.check_fit_idempotent,
    checks.check_fit_score_takes_y,
    checks.check_methods_sample_order_invariance,
    checks.check_methods_subset_invariance,
    checks.check_pipeline_consistency,
)
OF_INPUTS = (
    checks.check_complex_data,
    checks.check_dtype_object,
    checks.check_estimator_sparse_tag,
    checks.check_estimators_empty_data_messages,
    checks.check_estimators_nan_inf,
    checks.check_f_contiguous_array_estimator,
    checks.check_fit1d,
    checks.check_fit2d_1feature,
    checks.check_fit2d_1sample,
    checks.check_fit2d_predict1d,
    checks.check_n_features_in,
    checks.check_n_features_in_after_fitting,
    checks.check_positive_only_tag_during_fit,
    checks.check_readonly_memmap_input,
)
OF_CLASSIFIERS = (
    checks.check_classifiers_classes,
    checks.check_classifiers_one_label,
    checks.check_classifiers_regression_target,
    checks.check_supervised_y_no_nan,
)
OF_WEIGHTS = (
    checks.check_all_zero_sample_weights_error,
    checks.check_class_weight_classifiers,
    checks.check_classifier_data_not_an_array,
    checks.check_classifiers_one_label_sample_weights,
    checks.check_classifiers_train,
    checks.check_decision_proba_consistency,
    checks.check_requires_y_none,
    checks.check_sample_weights_list,
    checks.check_sample_weights_not_an_array,
    checks.check_sample_weights_not_overwritten,
    checks.check_sample_weights_pandas_series,
    checks.check_sample_weights_shape,
    checks.check_supervised_y_2d,
)
OF_TRANSFORMERS = (
    checks.check_transformer_general,
    checks.check_transformers_unfitted,
    checks.check_transformer_data_not_an_array,
)


def written(estimator: Any, X: Any, *, reset: bool = False) -> list[str]:
    """Rows of numbers as texts, a word for each number, once they have passed scikit-learn's validation."""
    rows = validate_data(estimator, X, reset=reset)
    return [" ".join(f"{chr(97 + j % 26)}{round(float(v))}" for j, v in enumerate(row)) for row in rows]


def takes_numbers(tags: Any) -> Any:
    tags.input_tags.string, tags.input_tags.two_d_array = False, True
    return tags


class ClassifierOfNumbers(ElmoClassifier):
    def fit(self, X, y=None, sample_weight=None, **options):
        return super().fit(written(self, X, reset=True), y, sample_weight, **options)

    def logits(self, X):
        if not hasattr(self, "head_"):
            return super().logits([])
        return super().logits(written(self, X))

    def __sklearn_tags__(self):
        return takes_numbers(super().__sklearn_tags__())


class VectorizerOfNumbers(ElmoVectorizer):
    def fit(self, X, y=None):
        return super().fit(written(self, X, reset=True), y)

    def fit_transform(self, X, y=None, **options):
        return super().fit_transform(written(self, X, reset=True), y, **options)

    def transform(self, X):
        if not hasattr(self, "n_features_out_"):
            return super().transform([])
        return super().transform(written(self, X))

    def __sklearn_tags__(self):
        return takes_numbers(super().__sklearn_tags__())


class TaggerOfNumbers(ElmoTagger):
    """Rows of numbers as sentences, all tokens of one tagged with the row's class."""

    def fit(self, X, y, **options):
        sentences = [text.split() for text in written(self, X, reset=True)]
        self.kinds_ = {str(value): value for value in np.unique(y)}
        tags = [[f"class {value}"] * len(words) for value, words in zip(y, sentences, strict=True)]
        return super().fit(sentences, tags, **options)

    def predict(self, X, **options):
        if not hasattr(self, "head_"):
            return super().predict([])
        found = super().predict([text.split() for text in written(self, X)], **options)
        return np.array([self.kinds_[tags[0].removeprefix("class ")] for tags in found])

    def score(self, X, y):
        return float(np.mean(self.predict(X) == y))

    def __sklearn_tags__(self):
        return takes_numbers(super().__sklearn_tags__())


def run(check: Callable[[str, Any], None], estimator: Any) -> None:
    check(type(estimator).__name__, estimator)


@pytest.mark.parametrize("kind", [ElmoVectorizer, ElmoClassifier, ElmoTagger])
@pytest.mark.parametrize("check", WITHOUT_DATA)
def test_checks_without_data(kind, check):
    run(check, kind("tiny"))


@pytest.mark.parametrize("check", [*OF_BOTH, *OF_INPUTS, *OF_TRANSFORMERS])
def test_checks_of_the_vectoriser(check):
    run(check, VectorizerOfNumbers("tiny"))


@pytest.mark.parametrize("check", [*OF_BOTH, *OF_INPUTS, *OF_CLASSIFIERS, *OF_WEIGHTS])
def test_checks_of_the_classifier(check):
    run(check, ClassifierOfNumbers("tiny", head="linear", penalty=0.1))


@pytest.mark.parametrize("check", [*OF_BOTH, *OF_CLASSIFIERS])
def test_checks_of_the_product_of_experts(check):
    run(check, ClassifierOfNumbers("tiny", penalty=0.1))


@pytest.mark.parametrize("check", OF_BOTH)
def test_checks_of_the_tagger(check):
    run(check, TaggerOfNumbers("tiny", max_epochs=1, hidden=4))


def test_a_tagger_takes_lists_of_tokens_and_needs_tags():
    tags = get_tags(ElmoTagger("tiny"))
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.target_tags.required
