"""What each layer knows: scores of mixtures of a head, learned weights, probing curves, contextuality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from elmo_core.config import layer_names
from elmo_core.layers.contextuality import Contextuality
from elmo_core.layers.learned import LEARNED, MixStudy
from elmo_core.layers.probing import HALVES, ProbingCurves
from elmo_core.measuring.intervals import Estimate
from elmo_core.plots.style import NEUTRAL, PALETTE, SYMBOLS, error_bars, listing, new_figure, score_marks

MEASURES = {
    "self_similarity": "Self-similarity of words",
    "sentence_similarity": "Similarity inside sentences",
    "explained": "Explained by one static vector",
}


def plot_study(study: MixStudy) -> go.Figure:
    """Draw the accuracy of the head on every mixture with its interval; the learned one is filled."""
    figure = new_figure(height=70 + 38 * len(study.methods))
    names = [method.name for method in study.methods]
    found = [study.accuracy(name) for name in names]
    figure.add_scatter(
        y=[name for method in study.methods for name in [method.name] * len(method.accuracies)],
        x=[value for method in study.methods for value in method.accuracies],
        mode="markers",
        name="one split each",
        marker={"color": NEUTRAL, "size": 6, "symbol": "line-ns", "line": {"width": 1.5, "color": NEUTRAL}},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_scatter(
        y=names,
        x=[one.value for one in found],
        error_x=error_bars(found),
        mode="markers",
        name="mean, 95% interval",
        marker=score_marks([name == LEARNED for name in names]),
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
    )
    figure.add_vline(x=study.majority, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    figure.update_xaxes(tickformat=".0%", title="accuracy on held-out rows", range=_room(study))
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(dragmode=False)
    return figure


def plot_learned_weights(study: MixStudy) -> go.Figure:
    """Draw s_j of each layer before (dotted) and after learning, one mark a seed."""
    weights = np.array(study.method(LEARNED).weights)  # (seeds, L)
    names = layer_names(weights.shape[1])
    figure = new_figure(height=260)
    figure.add_bar(
        x=names,
        y=weights.mean(axis=0),
        name="after, mean of the seeds",
        marker={"color": PALETTE[0]},
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )
    figure.add_scatter(
        x=[name for name in names for _ in weights],
        y=weights.T.ravel(),
        mode="markers",
        name="each seed",
        marker={"color": PALETTE[1], "symbol": "diamond", "size": 8, "line": {"width": 1, "color": "white"}},
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )
    figure.add_hline(y=1 / len(names), line={"color": NEUTRAL, "dash": "dot"}, annotation_text="before")
    figure.update_yaxes(title="weight s_j", range=(0, 1.02))
    figure.update_layout(dragmode=False)
    return figure


def describe_study(study: MixStudy) -> str:
    """The scores in words."""
    parts = (f"{method.name} {study.accuracy(method.name).value:.0%}" for method in study.methods)
    rest = f"most frequent label {study.majority:.0%}"
    return f"Accuracy over {len(study.seeds)} splits: {listing(parts)}; {rest}."


def plot_probing(curves: ProbingCurves, *, height: int = 360) -> go.Figure:
    """Draw accuracy by layer for each direction, and below it that of the control task (dashed)."""
    figure = new_figure(height)
    names = curves.names
    for half in curves.halves:
        number = HALVES.index(half)
        probes = [curves.probe(layer, half) for layer in range(len(names))]
        look = {"color": PALETTE[number], "symbol": SYMBOLS[number], "size": 10}
        for is_control in (False, True):
            found = [curves.control(probe) if is_control else curves.accuracy(probe) for probe in probes]
            figure.add_scatter(
                x=np.arange(len(names)) + 0.06 * (number - 1),
                y=[one.value for one in found],
                error_y=error_bars(found),
                mode="lines+markers",
                name=f"{half}, random labels" if is_control else half,
                line={
                    "color": PALETTE[number],
                    "width": 1 if is_control else 2,
                    "dash": "dot" if is_control else None,
                },
                marker={**look, "symbol": f"{SYMBOLS[number]}-open"} if is_control else look,
                hovertemplate=f"{half}: %{{y:.1%}}<extra></extra>",
            )
    figure.add_hline(
        y=curves.by_type,
        line={"color": NEUTRAL, "dash": "dash"},
        annotation_text="the word's usual label" if curves.controls_types else "the usual label",
    )
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=names, showgrid=False)
    figure.update_yaxes(title="accuracy", tickformat=".0%", rangemode="tozero")
    figure.update_layout(dragmode=False)
    return figure


def describe_probing(curves: ProbingCurves) -> str:
    """The curves of both directions together in words."""
    parts = listing(
        f"{name} {curves.accuracy(curves.probe(layer, 'both')).value:.0%} "
        f"(random labels {curves.control(curves.probe(layer, 'both')).value:.0%})"
        for layer, name in enumerate(curves.names)
    )
    return f"Accuracy of a linear probe by layer: {parts}."


def plot_contextuality(found: Contextuality, *, height: int = 360) -> go.Figure:
    """Draw the three measures by layer, each less its baseline, and the baseline itself."""
    figure = new_figure(height)
    n_layers = len(found.anisotropy)
    names = layer_names(n_layers)
    for number, (field, label) in enumerate(MEASURES.items()):
        values: Sequence[Estimate] = getattr(found, field)
        figure.add_scatter(
            x=names,
            y=[one.value for one in values],
            error_y=error_bars(values),
            mode="lines+markers",
            name=label,
            line={"color": PALETTE[number], "width": 2},
            marker={"symbol": SYMBOLS[number], "size": 10},
            hovertemplate=f"{label}, %{{x}}: %{{y:.2f}}<extra></extra>",
        )
    figure.add_scatter(
        x=names,
        y=[one.value for one in found.anisotropy],
        mode="lines+markers",
        name="Baseline: random tokens",
        line={"color": NEUTRAL, "dash": "dot"},
        marker={"symbol": "square-open", "size": 9},
        hovertemplate="random tokens, %{x}: %{y:.2f}<extra></extra>",
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(title="cosine or share, less the baseline", rangemode="tozero")
    figure.update_layout(dragmode=False)
    return figure


def describe_contextuality(found: Contextuality) -> str:
    """The measures in words."""
    parts = "; ".join(
        f"{label} " + listing(f"{one.value:.2f}" for one in getattr(found, field))
        for field, label in MEASURES.items()
    )
    return f"By layer, each less its baseline: {parts}."


def _room(study: MixStudy) -> tuple[float, float]:
    lows = [study.majority, *(study.accuracy(method.name).low for method in study.methods)]
    return max(0.0, min(lows) - 0.05), 1.02
