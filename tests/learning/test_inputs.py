"""What users of scikit-learn hand in: every usual form is taken, everything else is refused in a sentence."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.sparse import csr_array

from elmo_core.embedding.result import Embedding
from elmo_core.exceptions import ConfigError, InputError
from elmo_core.learning.inputs import (
    check_texts,
    check_weights,
    class_weights,
    encode_labels,
    is_between,
    seed_of,
    whole,
)

TEXTS = ["good tea", "cold soup", "nice room"]
FRAME = pd.DataFrame({"text": TEXTS})


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        iter(TEXTS),
        (text for text in TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        np.array(TEXTS, dtype=object)[:, None],
        np.array(TEXTS)[:, None],
        FRAME,
        FRAME["text"],
        FRAME.set_index(pd.Index([7, 8, 9]))["text"].astype("string"),
        FRAME["text"].astype("category"),
        FRAME["text"].values,
        pd.Index(TEXTS),
        {"text": TEXTS},
        pa.table({"text": TEXTS}),
        pa.array(TEXTS),
        np.array([(text,) for text in TEXTS], dtype=[("text", "U20")]),
    ],
)
def test_every_usual_form_of_texts(given):
    assert check_texts(given) == TEXTS


def test_tokens_and_vectors_stay_what_they_are():
    found = Embedding(["a"], np.zeros((3, 1, 2), dtype=np.float32))
    items = [["a", "b"], ("c",), [], np.array(["d", "e"]), np.array(["f"], dtype=object), found]
    assert check_texts(items) == [["a", "b"], ("c",), [], ["d", "e"], ["f"], found]
    assert check_texts([["one"], ["two"]]) == [["one"], ["two"]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("one text", "put it into a list"),
        (b"bytes", "got one bytes"),
        (3, "got one int"),
        (None, "got one NoneType"),
        (np.array("text"), "got one ndarray"),
        ({"a", "b"}, "a set, which has no order"),
        ({"id1": "a text"}, "a dictionary; give its values"),
        ({"text": TEXTS, "id": [1, 2]}, r"2 columns \(text, id\); choose one, such as table\['text'\]"),
        (FRAME.assign(id=1), "2 columns"),
        (pd.DataFrame(index=[0, 1]), "no column"),
        (pa.table({"a": TEXTS, "b": TEXTS}), "2 columns"),
        (np.array([TEXTS, TEXTS]), r"an array \(2x3\)"),
        (np.zeros((2, 3, 4)), "2x3x4"),
        (csr_array((2, 3)), "2x3"),
        ([b"a", b"b"], "Text 0 is bytes; decode it"),
        (["a", 3], "Text 1 is a int"),
        ([{"text": "a"}], "Text 0 is a dict"),
        (["a", None, float("nan"), pd.NA, pd.NaT, np.nan], "5 of 6 texts are missing .* position 1"),
        (FRAME["text"].where([True, False, True]), "1 of 3 texts is missing"),
        ([["good tea"], ["cold soup"]], "one cell each"),
        ([np.zeros(3)], r"an array \(3\) as item 0"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_texts(given, message):
    with pytest.raises(InputError, match=message):
        check_texts(given)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["b", "a", "b"], ["a", "b"]),
        (pd.Series(["b", "a", "b"]), ["a", "b"]),
        (pd.Series(["b", "a", "b"], dtype="string"), ["a", "b"]),
        (pd.Series(["b", "a", "b"], dtype="category"), ["a", "b"]),
        (pd.Categorical(["b", "a", "b"], categories=["b", "a", "c"]), ["a", "b"]),
        (pd.DataFrame({"label": ["b", "a", "b"]}), ["a", "b"]),
        (np.array(["b", "a", "b"], dtype=object), ["a", "b"]),
        (iter(["b", "a", "b"]), ["a", "b"]),
        ([1, -1, 1], [-1, 1]),
        (np.array([1, -1, 1], dtype=np.int8), [-1, 1]),
        (np.array([np.int64(1), np.int64(-1), np.int64(1)], dtype=object), [-1, 1]),
        (pd.Series([1, -1, 1], dtype="Int64"), [-1, 1]),
        ([True, False, True], [False, True]),
        (pd.Series([True, False, True], dtype="boolean"), [False, True]),
        (np.array([True, False, True], dtype=object), [False, True]),
        ([1.0, 0.0, 1.0], [0.0, 1.0]),
        (np.array([1.0, 0, 1], dtype=object), [0.0, 1.0]),
        (np.array([[2], [1], [2]]), [1, 2]),
        (["'+1", "=1", "'+1"], ["'+1", "=1"]),
        ([" b", "a", " b"], [" b", "a"]),
    ],
)
@pytest.mark.filterwarnings("ignore:A column-vector y")
def test_every_usual_form_of_labels(labels, classes):
    found, codes = encode_labels(labels, 3)
    assert found.tolist() == classes
    assert [type(one) for one in found.tolist()] == [type(one) for one in classes]
    assert codes.tolist() in ([1, 0, 1], [0, 1, 0])
    assert found[codes[0]] == found[codes[2]]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", None, "b"], "1 of 3 labels is missing"),
        ([1.0, np.nan, np.nan], "2 of 3 labels are missing .* position 1"),
        (pd.Series(["a", pd.NA, "b"], dtype="string"), "1 of 3 labels"),
        (pd.Series([1, None, 2], dtype="Int64"), "1 of 3 labels"),
        (["a", 1, "b"], "a mixture of strings and whole numbers"),
        ([True, 1, 0], "a mixture of booleans and whole numbers"),
        ([0.5, 1.5, 1.0], "continuous"),
        ([1.0, np.inf, 0.0], "infinity"),
        ([["a"], ["b"], ["a", "b"]], "got a list; one text can have one label only"),
        (np.eye(3), "shape"),
        ([b"a", b"b", b"a"], "got a bytes"),
        (pd.to_datetime(["2020-01-01"] * 3), "got a Timestamp"),
        ([Decimal(1)] * 3, "got a Decimal"),
        (["a", "b"], "3 texts but 2 labels"),
        ([], "3 texts but 0 labels"),
        (None, "requires y"),
        ("abc", "one str"),
        ({"a": 1, "b": 2, "c": 3}, "one dict"),
        (["a", "a", "a"], "at least two classes"),
    ],
)
def test_what_are_no_labels(labels, message):
    with pytest.raises(InputError, match=message):
        encode_labels(labels, 3)


def test_weights_of_texts_and_classes():
    assert check_weights(None, 3).tolist() == [1, 1, 1]
    assert check_weights(pd.Series([1, 0, 2]), 3).tolist() == [1, 0, 2]
    for wrong in ([1, 2], [1, -1, 1], [0, 0, 0], [1, np.nan, 1], ["a", "b", "c"], np.ones((3, 1)), 2.0):
        with pytest.raises(InputError, match="sample_weight"):
            check_weights(wrong, 3)
    with pytest.raises(InputError, match="There is no text to learn from"):
        encode_labels([], 0)
    classes, codes = np.array(["a", "b"]), np.array([0, 0, 0, 1])
    assert class_weights(None, classes, codes).tolist() == [1, 1]
    np.testing.assert_allclose(class_weights("balanced", classes, codes), [2 / 3, 2])
    assert class_weights({"b": np.float32(3)}, classes, codes).tolist() == [1, 3]
    assert class_weights({True: 2}, np.array([False, True]), codes).tolist() == [1, 2]
    for weights, message in (
        ({"b": -1}, "above 0"),
        ({"b": 0}, "above 0.*leave out the rows"),
        ({"b": "x"}, "above 0"),
        ({"z": 2}, "none of which"),
    ):
        with pytest.raises(ConfigError, match=message):
            class_weights(weights, classes, codes)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3), (np.int64(3), 3), (np.float64(3), 3), (np.arange(5)[3], 3), (np.uint8(3), 3), (-1.0, -1),
     (True, None), (np.bool_(True), None), (3.5, None), (np.nan, None), (np.inf, None),
     ("3", None), (None, None)],
)  # fmt: skip
def test_whole_numbers(value, expected):
    assert whole(value) == expected


def test_seeds_and_ranges():
    assert seed_of(np.int32(7)) == 7
    assert seed_of(np.random.RandomState(1)) == seed_of(np.random.RandomState(1))
    generator = np.random.default_rng(1)
    assert seed_of(generator) != seed_of(generator)
    assert seed_of(None) != seed_of(None)
    for wrong in (-1, 1.5, "a", True):
        with pytest.raises(ConfigError, match="random_state"):
            seed_of(wrong)
    assert is_between(0, np.float32(0.5), 1)
    assert not any(is_between(0, wrong, 1) for wrong in (0, 1, np.nan, "a", None, True))
