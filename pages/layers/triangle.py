"""The triangle of mixtures with its sliders, the score of the current mixture, and its map."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from elmo_core.config import layer_names
from elmo_core.geometry.nearest import nearest_neighbours, prepare
from elmo_core.geometry.projection import MIN_UMAP_POINTS, MapSettings, lay_out
from elmo_core.geometry.shared_frame import Frame, shared_frame
from elmo_core.glossary import explain
from elmo_core.layers.gram_matrices import LayerGrams, layer_grams
from elmo_core.layers.labelled import Labelled
from elmo_core.layers.mixture import Mixture, mixture_grid
from elmo_core.layers.scores import SCORES, MixtureScores, ScoreName, score_mixtures, with_mixtures
from elmo_core.plots.mixtures import describe_scores, plot_mixed, plot_pairs, plot_triangle
from pages.common import exports
from pages.common.concordance import modebar
from pages.common.mixture_controls import choose_mixture, current_mixture, has_mixture, set_mixture
from pages.common.selection import selected_ids
from pages.layers.cells import cell
from pages.layers.labelled_sets import LabelledSet

Extent = tuple[tuple[float, float], tuple[float, float]]

MOST_SCORED = 1000
"""Most instances that are scored; more are sampled with a seed."""
_HELP: dict[ScoreName, str] = {
    "separation": "Each instance is compared (cosine) with the centroid of every label, itself left out.",
    "silhouette": "Groups are found in either half (spherical k-means, as many as labels); the other half "
    "joins the nearest one, and its silhouette counts. Null: one cloud of the same spread without groups.",
    "probe": "Ridge regression on unit vectors, learned from either half and tested on the other.",
    "pairs": "As in Word in Context: pairs of equal labels and of different ones, half and half; the bound "
    "on the cosine comes from the other half of the instances.",
}
_TERMS: dict[ScoreName, tuple[str, ...]] = {
    "separation": ("Nearest sense", "Guessing"),
    "silhouette": ("Silhouette", "Null"),
    "probe": ("Probe", "Guessing"),
    "pairs": ("Cosine", "Guessing"),
}
_LEARNED = "layers_learned"
_WHERE = "Corners are single layers, the middle is the uniform mix."
_WHERE_IN_PAIRS = "A cell is the mean of its two layers; on the diagonal stand single layers."


def show_triangle(page: str, chosen: LabelledSet, data: Labelled, *, is_alone: bool) -> None:
    """Show everything that depends on the mixture.

    Args:
        page: prefix of the keys of all widgets.
        chosen: which data it is.
        data: its vectors.
        is_alone: whether no other model stands beside it, so that it can run without the rest of the page.
    """
    part, grams = _sampled(chosen, data)
    frame = chosen.results.get_or_compute(
        chosen.key_of("frame"), lambda: shared_frame(part.layers, len(part.layers))
    )
    show = st.fragment(_show) if is_alone else _show
    show(page, chosen, part, grams, frame)
    _say_sampled(part, data)


def show_second_triangle(page: str, first: str, chosen: LabelledSet, data: Labelled) -> None:
    """Show a second model's mixtures by the score and at the mixture that were chosen for the first.

    Args:
        page: prefix of the keys of all widgets.
        first: the same of the first model.
        chosen: which data it is.
        data: its vectors.
    """
    part, grams = _sampled(chosen, data)
    score: ScoreName = st.session_state[_score_key(first)]
    n_layers = len(data.layers)
    mixture, fits = current_mixture(n_layers), has_mixture(n_layers)
    left, right = st.columns([3, 2], gap="large")
    with left:
        scores, _ = _show_scores(page, chosen, part, grams, score, mixture, by_click=fits)
    with right:
        _show_score(_at(scores, part, grams, mixture), score)
        if not fits:
            st.caption(
                f"It has {n_layers} layers, so the chosen mixture does not fit: this is its uniform mix."
            )
    _say_sampled(part, data)


def _sampled(chosen: LabelledSet, data: Labelled) -> tuple[Labelled, LayerGrams]:
    part = data.sampled(MOST_SCORED)
    return part, chosen.results.get_or_compute(chosen.key_of("grams"), lambda: layer_grams(part.layers))


def _say_sampled(part: Labelled, data: Labelled) -> None:
    if len(part) < len(data):
        st.caption(f"{len(part):,} of {len(data):,} instances, drawn at random (seed 42).")


def remember_learned(mixture: Mixture, key: str) -> None:
    """Mark the mixture that a head learned on the triangle of the same data."""
    st.session_state[_LEARNED] = (key, mixture)


def _show(page: str, chosen: LabelledSet, data: Labelled, grams: LayerGrams, frame: Frame) -> None:
    n_layers = len(data.layers)
    left, right = st.columns([3, 2], gap="large")
    with right:
        mixture = choose_mixture(n_layers)
    with left:
        score: ScoreName = st.selectbox(
            "Score", list(SCORES), format_func=SCORES.__getitem__, key=_score_key(page), bind="query-params"
        )
        scores, figure = _show_scores(page, chosen, data, grams, score, mixture)
    with right:
        _show_score(_at(scores, data, grams, mixture), score)
    with left:
        picture = _show_picture(page, chosen, data, grams, frame, mixture)
    exports.show_downloads(
        f"{page}_mix",
        f"mixtures {chosen.title}",
        rows=lambda: score_table(scores),
        figures={"Triangle": figure, "Picture": picture},
        cell=cell(
            chosen.recipe,
            "from elmo_core.layers.mixture import Mixture, mixture_grid\n"
            "from elmo_core.layers.scores import score_mixtures\n"
            "from elmo_core.plots.mixtures import plot_triangle",
            f"scores = score_mixtures(data, mixture_grid(elmo.n_layers), {exports.literal(score)})",
            f"current = Mixture.parse({exports.literal(mixture.text)}, elmo.n_layers)",
            'plot_triangle(scores, {"current": current})  # of other numbers of layers: plot_pairs(scores)',
        ),
        reads_file=chosen.recipe.reads_file,
    )
    with st.expander("Every mixture with its interval", icon=":material/table:"):
        st.dataframe(score_table(scores), hide_index=True, alt=describe_scores(scores))


def _show_scores(
    page: str,
    chosen: LabelledSet,
    data: Labelled,
    grams: LayerGrams,
    score: ScoreName,
    mixture: Mixture,
    *,
    by_click: bool = True,
) -> tuple[MixtureScores, go.Figure]:
    """Show the scores of all mixtures of the grid; each can be chosen by a click where that is wanted."""
    n_layers = len(data.layers)
    with st.spinner("Scoring the mixtures"):
        scores = chosen.results.get_or_compute(
            chosen.key_of(score), lambda: score_mixtures(data, mixture_grid(n_layers), score, grams=grams)
        )
    marked = {"uniform mix": Mixture.uniform(n_layers), **_learned(chosen), "current": mixture}
    figure = plot_triangle(scores, marked) if n_layers == 3 else plot_pairs(scores)
    key = f"{page}_triangle"
    st.plotly_chart(
        figure,
        key=key,
        on_select=(lambda: _by_click(key, scores)) if by_click else "ignore",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=describe_scores(scores),
    )
    click = "Click a cell to choose its mixture. " if by_click else ""
    st.caption(f"{click}{_WHERE if n_layers == 3 else _WHERE_IN_PAIRS}")
    return scores, figure


def _at(scores: MixtureScores, data: Labelled, grams: LayerGrams, mixture: Mixture) -> MixtureScores:
    """Return scores with those of the uniform mix and of a mixture as the last two rows."""
    uniform = Mixture.uniform(len(data.layers))
    return with_mixtures(scores, data, grams, np.array([uniform.weights, mixture.weights]))


def _score_key(page: str) -> str:
    return f"{page}_score"


def score_table(scores: MixtureScores) -> pd.DataFrame:
    """Return all mixtures with their scores and intervals."""
    estimates = [scores.estimate(row) for row in range(len(scores.mixtures))]
    names = layer_names(scores.mixtures.shape[1])
    return pd.DataFrame(
        {
            **{name: scores.mixtures[:, layer] for layer, name in enumerate(names)},
            "score": [estimate.value for estimate in estimates],
            "low": [estimate.low for estimate in estimates],
            "high": [estimate.high for estimate in estimates],
        }
    )


def _show_score(now: MixtureScores, score: ScoreName) -> None:
    """Show the score of the current mixture, the last row, against the uniform one before it."""
    current, uniform = len(now.mixtures) - 1, len(now.mixtures) - 2
    estimate, percent = now.estimate(current), score != "silhouette"
    gain = now.values[current] - now.values[uniform]
    st.metric(
        SCORES[score],
        _number(estimate.value, percent),
        f"{100 * gain:+.1f} points against the uniform mix"
        if percent
        else f"{gain:+.2f} against the uniform mix",
        delta_color="off",
        help=f"{_HELP[score]}\n\n{explain(*_TERMS[score])}",
    )
    chance = f"without vectors {_number(now.baseline, percent)}; " if percent else ""
    null = "labels shuffled" if percent else "one cloud without groups"
    st.caption(
        f"95% interval {_number(estimate.low, percent)} to {_number(estimate.high, percent)}, n = {now.n:,}; "
        f"{chance}{null} {_number(now.null_mean, percent)} ± {_number(now.null_sd, percent)}."
    )
    chosen = now.held_out_gain(uniform)
    verdict = (
        "So choosing pays here."
        if chosen.low > 0
        else "So there is no evidence here that choosing beats the uniform mix."
    )
    if chosen.low == chosen.high == 0:
        same = (
            "is right on the same cases of the rest as the uniform mix."
            if percent
            else "scores exactly like the uniform mix on every case of the rest."
        )
        st.caption(f"The mixture that is best on four fifths of the cases {same}")
        return
    scale = 100 if percent else 1
    st.caption(
        f"Choosing the best mixture on four fifths of the cases gains {scale * chosen.value:+.2f} on the "
        f"rest (95% interval {scale * chosen.low:+.2f} to "
        f"{scale * chosen.high:+.2f}{' points' if percent else ''}). {verdict}"
    )


def _show_picture(
    page: str, chosen: LabelledSet, data: Labelled, grams: LayerGrams, frame: Frame, mixture: Mixture
) -> go.Figure:
    """Show the instances where the mixture puts them, and return the figure."""
    weights = np.array(mixture.weights)
    coordinates = np.tensordot(weights.astype(np.float32), frame.coordinates, axes=1)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown("**The instances in this mixture**", width="content")
        method = st.segmented_control(
            "Projection", ["PCA", "UMAP"], default="PCA", required=True, key=f"{page}_projection",
            label_visibility="collapsed",
        )  # fmt: skip
    extent: Extent | None = frame.extent
    if method == "UMAP" and len(data) >= MIN_UMAP_POINTS:
        coordinates = _umap(page, chosen, data, mixture, coordinates)
        extent = None
    elif method == "UMAP":
        st.caption(f"{len(data)} instances are too few for UMAP, which needs {MIN_UMAP_POINTS}: this is PCA.")
    figure = plot_mixed(coordinates, data.labels, data.contexts, extent, height=380)
    st.plotly_chart(
        figure,
        key=f"{page}_picture",
        config=modebar("mixture"),
        alt=f"{len(data):,} instances in the mixture {mixture.text} ({method})",
    )
    length = float(grams.lengths(weights[None]).mean())
    if method == "UMAP":
        st.caption(f"UMAP starts from where the points are and moves them (seed {MapSettings.seed}).")
        return figure
    longer = (
        f"gamma = {mixture.gamma:g} makes every vector {mixture.gamma:g} times as long (mean length "
        f"{length:.2f} → {mixture.gamma * length:.2f})"
        if mixture.gamma != 1
        else f"gamma = 1 leaves the lengths as they are (mean {length:.2f})"
    )
    st.caption(
        f"One PCA frame: the picture of a mix is the mix of the layers' pictures. {longer}. A trained head "
        "sees its inputs scaled by gamma, but no cosine, no score and no place in the picture changes."
    )
    return figure


def _umap(page: str, chosen: LabelledSet, data: Labelled, mixture: Mixture, start: np.ndarray) -> np.ndarray:
    """Return positions by UMAP of the mixture, starting from those on screen."""
    key = f"{page}_umap"
    subject, weights, before = st.session_state.get(key, (None, None, start))
    if subject == chosen.key and weights == mixture.weights:
        return np.asarray(before)
    units = prepare(np.tensordot(np.array(mixture.weights, np.float32), data.layers, axes=1), centred=True)
    near = nearest_neighbours(units, min(15, len(units) - 1))
    refines = subject == chosen.key
    placed, _ = lay_out(units, near, before if refines else start, MapSettings(), refines=refines)
    st.session_state[key] = (chosen.key, mixture.weights, placed)
    return placed


def _by_click(key: str, scores: MixtureScores) -> None:
    """Callback of the triangle."""
    if rows := selected_ids(
        point for point in st.session_state[key].selection.points if point.get("customdata") is not None
    ):
        set_mixture(Mixture.of(scores.mixtures[rows[0]]))


def _learned(chosen: LabelledSet) -> dict[str, Mixture]:
    key, mixture = st.session_state.get(_LEARNED, ("", None))
    return {"learned": mixture} if mixture is not None and key == chosen.key else {}


def _number(value: float, is_share: bool) -> str:
    return f"{value:.1%}" if is_share else f"{value:.2f}"
