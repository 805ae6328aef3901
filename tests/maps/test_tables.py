"""Points of a map as rows."""

from __future__ import annotations

import numpy as np
import pytest

from elmo_core.geometry.projection import MapSettings
from elmo_core.maps.points import MapPoints
from elmo_core.maps.tables import find_rows, map_table
from elmo_core.maps.text_map import map_points

N = 6


@pytest.fixture
def tokens() -> MapPoints:
    vectors = np.random.default_rng(7).standard_normal((2, N, 4)).astype(np.float32)
    names = ("Bank", "bank", "banks", "river", "Straße", "STRASSE")
    lefts = tuple(f"left {row}" for row in range(N))
    return MapPoints(("a", "b"), vectors, names, lefts, ("right",) * N, {"label": tuple("xyxyxy")}, N, 2)


def test_a_token_is_found_as_a_whole_word_whatever_its_case(tokens: MapPoints):
    assert find_rows(tokens, "BANK") == [0, 1]
    assert find_rows(tokens, "straße") == [4, 5]
    assert find_rows(tokens, "ban") == []
    assert find_rows(tokens, "") == []


def test_a_text_is_found_by_a_part_of_it():
    vectors = np.zeros((1, 3, 4), np.float32)
    texts = MapPoints(("a",), vectors, ("one",) * 3, ("",) * 3, ("One bank", "none", "BANKS"), {}, 3, 1)
    assert find_rows(texts, "bank") == [0, 2]


def test_a_table_keeps_the_order_of_its_rows_and_their_places(tokens: MapPoints):
    found = map_points(tokens, MapSettings("pca"))
    whole, part = map_table(tokens, found, "b"), map_table(tokens, found, "b", [4, 1])
    assert list(whole.columns) == ["row", "left", "point", "right", "label", "view", "x", "y"]
    assert part["row"].tolist() == [5, 2]
    assert part["point"].tolist() == ["Straße", "bank"]
    np.testing.assert_array_equal(part[["x", "y"]], whole.iloc[[4, 1]][["x", "y"]])
    np.testing.assert_array_equal(whole[["x", "y"]], found.coordinates[found.at("b")])
