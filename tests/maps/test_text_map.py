"""Maps of whole texts: their points, exact neighbours, one frame, stopping, and what moved."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from elmo_core import Elmo
from elmo_core.exceptions import CancelledError, ConfigError, InputError
from elmo_core.geometry.nearest import prepare
from elmo_core.geometry.projection import MOST_TSNE, MapSettings
from elmo_core.layers.mixture import Mixture
from elmo_core.maps.cost import map_cost
from elmo_core.maps.movers import Movers, find_movers
from elmo_core.maps.points import OTHER_WORDS, MapPoints, given_points, targets_of, text_points, token_points
from elmo_core.maps.text_map import map_points
from elmo_core.tables.corpus import read_column
from elmo_core.tables.reading import read_table

TEXTS = ["The bank raised rates.", "A bank of mud.", "", "The river rose; the bank gave way."]


def clusters(n: int = 120, n_views: int = 2, seed: int = 0) -> MapPoints:
    """Four groups of points; in the second view every point is in the next group."""
    generator = np.random.default_rng(seed)
    centres = 5 * generator.standard_normal((4, 16))
    codes = np.arange(n) % 4
    views = [centres[(codes + view) % 4] + generator.standard_normal((n, 16)) for view in range(n_views)]
    names = tuple(f"p{row}" for row in range(n))
    return MapPoints(
        tuple(f"view {view}" for view in range(n_views)),
        np.stack(views).astype(np.float32),
        names,
        ("",) * n,
        names,
        {"group": tuple(str(code) for code in codes)},
        n,
        n_views,
    )


def test_tokens_are_points_with_their_context_and_columns(elmo: Elmo):
    points = token_points(elmo, TEXTS, {"kind": ("money", "river", "none", "river")})
    assert points.names[:5] == ("The", "bank", "raised", "rates", "A")
    assert (points.lefts[1], points.rights[1]) == ("The", "raised rates .")
    assert points.columns["kind"][1] == "money"
    assert points.columns["word"][1] == "bank"
    assert points.columns["frequency"][1] == "2 to 5 times"
    assert points.columns["place in the text"][0] == "first token"
    expected = elmo.embed([TEXTS[3]])[0]
    last = [row for row, name in enumerate(points.names) if name == "bank"][-1]
    np.testing.assert_allclose(
        points.vectors[: points.n_layers, last], expected.layers[:, expected.tokens.index("bank")], atol=1e-6
    )


def test_a_sample_of_tokens_is_seeded_and_says_how_many_there_were(elmo: Elmo):
    everything = token_points(elmo, TEXTS)
    some = token_points(elmo, TEXTS, most=5)
    again = token_points(elmo, TEXTS, most=5)
    assert (len(some), some.found) == (5, len(everything))
    assert some.names == again.names
    assert some.names != token_points(elmo, TEXTS, most=5, seed=1).names


def test_texts_are_pooled_as_asked(elmo: Elmo):
    layers = elmo.embed([TEXTS[0]])[0].layers
    mean, most, weighted = (text_points(elmo, TEXTS, pooling=how) for how in ("mean", "max", "weighted"))
    assert mean.found == 3  # the empty one is left out
    np.testing.assert_allclose(mean.vectors[:, 0], layers.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(most.vectors[:, 0], layers.max(axis=1), atol=1e-6)
    n = {"The": 3, "bank": 3, "raised": 1, "rates": 1, ".": 3}  # of 19 tokens, case-folded
    weights = np.array([0.001 / (0.001 + count / 19) for count in n.values()])
    expected = np.einsum("ltd,t->ld", layers, weights / weights.sum())
    np.testing.assert_allclose(weighted.vectors[:, 0], expected, atol=1e-5)


def test_the_context_is_a_view_of_tokens_and_no_part_of_a_mixture(elmo: Elmo):
    points = token_points(elmo, TEXTS)
    assert points.views == (*elmo.layer_names, "Context") and points.n_layers == 3
    mixed = points.with_mixture(Mixture.of((0, 0, 1), 2.0))
    np.testing.assert_allclose(mixed.vectors[-1], 2 * points.view("Layer 2"), atol=1e-6)
    assert mixed.n_layers == 3 and text_points(elmo, TEXTS).views == elmo.layer_names


def test_a_mixture_is_one_view_more(elmo: Elmo):
    points = text_points(elmo, TEXTS).with_mixture(Mixture.of((1, 1, 2), 2.0))
    assert points.views[-1] == "Mix 0.25 0.25 0.5 x 2"
    expected = 2 * np.tensordot([0.25, 0.25, 0.5], points.vectors[:3], axes=1)
    np.testing.assert_allclose(points.vectors[3], expected, atol=1e-6)


def test_too_few_points_are_refused(elmo: Elmo):
    with pytest.raises(InputError, match="at least 3 points; there are 2"):
        text_points(elmo, ["one", "two", ""])


def test_pca_has_one_frame_and_umap_and_tsne_keep_groups():
    points = clusters()
    for method in ("pca", "umap", "tsne"):
        found = map_points(points, MapSettings(method, perplexity=15))
        assert found.coordinates.shape == (2, 120, 2)
        assert np.isfinite(found.coordinates).all()
        for at, kept in enumerate(found.faithful):
            units = prepare(points.vectors[at], centred=True)
            expected = trustworthiness(units, found.coordinates[at], n_neighbors=kept.n_neighbours)
            assert kept.trustworthiness == pytest.approx(expected, abs=1e-6)
            assert kept.trustworthiness > (0.6 if method == "pca" else 0.85)
        again = map_points(points, MapSettings(method, perplexity=15))
        np.testing.assert_array_equal(found.coordinates, again.coordinates)
    np.testing.assert_allclose(found.mean_cosines, [_mean_cosine(view) for view in points.vectors], atol=1e-5)


def _mean_cosine(vectors: np.ndarray) -> float:
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return float((units @ units.T)[~np.eye(len(units), dtype=bool)].mean())


def test_a_view_starts_from_the_one_before():
    points = clusters(n_views=1)
    twice = MapPoints(
        ("a", "b"), np.repeat(points.vectors, 2, axis=0), points.names, points.lefts, points.rights,
        points.columns, points.found, 2,
    )  # fmt: skip
    found = map_points(twice, MapSettings("umap"))
    first, second = found.coordinates
    moved = np.linalg.norm(first - second, axis=1).mean()
    apart = np.linalg.norm(first[:, None] - second[None], axis=2).mean()
    # UMAP amplifies the last digits, in which processors differ. Ten starts that differ in the fourth digit
    # give residuals of 0.08 on average and 0.13 at most, and move the points by 0.27 of `apart` at most. At
    # UMAP's full learning rate the residuals are 0.20 and 0.46; unrelated layouts have more than 0.8.
    assert moved < 0.4 * apart
    assert found.residuals[0] is None
    assert found.residuals[1] < 0.25


def test_three_dimensions_and_few_points():
    found = map_points(clusters(), MapSettings("umap", n_dims=3))
    assert found.coordinates.shape == (2, 120, 3)
    few = map_points(clusters(8), MapSettings("umap"))
    assert few.settings.method == "pca"


@pytest.mark.parametrize("method", ["umap", "tsne"])
def test_a_layout_can_be_stopped(method: str):
    seen: list[float] = []

    def stop(doing: str, share: float) -> None:
        seen.append(share)
        if doing.endswith("laying out"):
            raise CancelledError

    with pytest.raises(CancelledError):
        map_points(clusters(400), MapSettings(method), report=stop)
    assert seen == sorted(seen)
    assert seen[-1] < 1  # it was not laid out to the end


def test_a_stopped_layout_leaves_the_next_one_free():
    """The library of bars keeps its lock where a bar's output fails, which would hold up all later ones."""

    def stop(doing: str, share: float) -> None:
        if doing.endswith("laying out"):
            raise CancelledError

    def run(report: Callable[[str, float], None]) -> None:
        with contextlib.suppress(CancelledError):
            map_points(clusters(60), MapSettings("umap"), report=report)

    for report in (stop, lambda doing, share: None):
        thread = threading.Thread(target=run, args=(report,), daemon=True)
        thread.start()
        thread.join(timeout=60)
        assert not thread.is_alive()


def test_movers_are_found_in_the_full_space():
    points = clusters(80, n_views=1)
    vectors = np.repeat(points.vectors, 2, axis=0)
    vectors[1, 5], vectors[1, 6] = vectors[0, 6] + 0.01, vectors[0, 5] + 0.01  # two points change places
    swapped = MapPoints(
        ("a", "b"), vectors, points.names, points.lefts, points.rights, points.columns, points.found, 2
    )
    movers = find_movers(swapped, map_points(swapped, MapSettings("pca")), "a", "b")
    assert set(movers.biggest(2)) == {5, 6}
    assert movers.kept[5] < 0.1
    assert np.median(movers.kept) > 0.9
    assert movers.chance == pytest.approx(15 / 79)


def test_ties_are_no_movement():
    vectors = np.ones((2, 60, 4), np.float32)
    vectors[:, 30:] = [1, -1, 1, -1]  # two places with thirty points each: any order among them is as good
    points = given_points(vectors[0], [str(row) for row in range(60)], {}, most=100)
    both = MapPoints(("a", "b"), vectors, points.names, points.lefts, points.rights, {}, 60, 2)
    settings = MapSettings("pca", centred=False)
    assert find_movers(both, map_points(both, settings), "a", "b").kept.min() == 1


def test_impossible_settings_and_sizes_are_said():
    with pytest.raises(ConfigError, match="min_dist must be from 0 to 1, got 2"):
        MapSettings(min_dist=2)
    with pytest.raises(ConfigError, match="n_dims must be 2 or 3"):
        MapSettings(n_dims=1)
    many = given_points(np.zeros((MOST_TSNE + 1, 2)), ["x"] * (MOST_TSNE + 1), {}, most=10**6)
    with pytest.raises(InputError, match="t-SNE takes minutes"):
        map_points(many, MapSettings("tsne"))
    assert map_cost(50_000, 256, 1, MapSettings()).seconds > map_cost(5000, 256, 1, MapSettings()).seconds


def test_what_speaks_of_one_word_is_not_said_of_its_neighbours(elmo: Elmo):
    content = "word,sense,text\n" + "bank,river,The bank was wet\n" * 3
    table = read_table(content.encode(), "t.csv")
    text = read_column(table, "text", "sense", "word")
    columns = {"sense": ("river",) * 3, "year": ("1998",) * 3}
    points = token_points(elmo, text.sentences, columns, targets=targets_of(text))
    assert [points.columns["sense"][at] for at in range(4)] == [
        OTHER_WORDS,
        "river",
        OTHER_WORDS,
        OTHER_WORDS,
    ]
    assert set(points.columns["year"]) == {"1998"}


def test_movers_that_keep_equally_many_are_ordered_by_how_far_they_land():
    kept, nearness = np.zeros(4, np.float32), np.array([-0.1, -0.5, -0.2, -0.4], np.float32)
    assert Movers("a", "b", 2, kept, 0.1, nearness).biggest(4).tolist() == [1, 3, 2, 0]
