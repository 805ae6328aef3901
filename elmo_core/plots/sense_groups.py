"""What speaks for a number of sense groups, whose they are, and which words of a sentence decide."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from elmo_core.plots.style import NEUTRAL, PALETTE, clip, listing, mark, new_figure, percent, safe
from elmo_core.senses.groups import SenseGroups
from elmo_core.senses.usage_change import UsageChange
from elmo_core.senses.what_if import Placement

_NAME = 40  # characters of a group's name


def plot_candidates(groups: SenseGroups, *, height: int = 220) -> go.Figure:
    """Draw the silhouette of every number of groups beside that of re-paired contexts.

    Args:
        groups: of a word with enough uses; the chosen cut is filled, the others are hollow.
        height: in pixels.
    """
    figure, cuts = new_figure(height), groups.candidates
    judged = [cut for cut in cuts if cut.has_null]
    figure.add_scatter(
        x=[cut.k for cut in judged],
        y=[cut.paired_mean for cut in judged],
        error_y={"array": [cut.paired_sd for cut in judged], "thickness": 9, "width": 0},
        mode="markers",
        name="contexts re-paired, mean ± sd",
        marker={"color": NEUTRAL, "symbol": "square", "size": 9},
        hovertemplate="%{x} groups, re-paired: %{y:.2f}<extra></extra>",
    )
    chosen = groups.best if groups.k > 1 else None
    figure.add_scatter(
        x=[cut.k for cut in cuts],
        y=[cut.silhouette for cut in cuts],
        mode="markers",
        name="as they are",
        marker={
            "color": PALETTE[0],
            "size": 11,
            "symbol": ["circle" if cut is chosen else "circle-open" for cut in cuts],
            "line": {"width": 2, "color": PALETTE[0]},
        },
        customdata=[safe("; ".join(cut.objections) or "no objection") for cut in cuts],
        hovertemplate="%{x} groups: %{y:.2f}<br>%{customdata}<extra></extra>",
    )
    figure.update_xaxes(title="groups", dtick=1, showgrid=False)
    figure.update_yaxes(title="silhouette", rangemode="tozero")
    figure.update_layout(dragmode=False)
    return figure


def describe_candidates(groups: SenseGroups) -> str:
    """The numbers of groups in words."""
    if not all(cut.has_null for cut in groups.candidates):
        found = listing(f"{cut.k} groups {cut.silhouette:.2f}" for cut in groups.candidates)
        return f"Silhouette of {groups.n} uses: {found}."
    parts = listing(
        f"{cut.k} groups {cut.silhouette:.2f} against {cut.paired_mean:.2f}" for cut in groups.candidates
    )
    return f"Silhouette of {groups.n} uses against that of re-paired contexts: {parts}."


def plot_shares(change: UsageChange, names: Sequence[str], *, height: int = 260) -> go.Figure:
    """Draw how the uses of each value are spread over the groups, one bar a value.

    Args:
        change: the comparison.
        names: of the groups.
        height: in pixels.
    """
    figure = new_figure(height)
    values = [safe(f"{part.value} (n = {part.n})") for part in change.shares]
    for group, name in enumerate(names):
        style = mark(group)
        figure.add_bar(
            y=values,
            x=[part.shares[group] for part in change.shares],
            orientation="h",
            name=safe(clip(name, _NAME)),
            marker={"color": style["color"], "pattern": {"shape": _PATTERNS[group % len(_PATTERNS)]}},
            text=[percent(part.shares[group]) for part in change.shares],
            hovertemplate="%{y}: %{x:.0%}<extra></extra>",
        )
    figure.update_xaxes(range=(0, 1), tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    figure.update_layout(barmode="stack", dragmode=False)
    return figure


_PATTERNS = ("", "/", "x", "-", ".", "+", "\\", "|")
"""Bars are told apart by more than their colour."""


def describe_shares(change: UsageChange, names: Sequence[str]) -> str:
    """The shares in words."""
    parts = (
        f"{part.value} (n = {part.n}) "
        + listing(f"{percent(share)} {name}" for share, name in zip(part.shares, names, strict=True))
        for part in change.shares
    )
    return f"Shares of the sense groups: {'; '.join(parts)}."


def plot_influences(placement: Placement, *, height: int = 220) -> go.Figure:
    """Draw what each word of a sentence does for the group its use was put in.

    Args:
        placement: of a use among more than one group.
        height: in pixels.
    """
    figure, influences = new_figure(height), placement.influences
    changes = [influence.cosine_change for influence in influences]
    figure.add_bar(
        x=[influence.position for influence in influences],
        y=changes,
        marker={"color": [PALETTE[0] if change >= 0 else PALETTE[1] for change in changes]},
        customdata=[[safe(influence.token), influence.change] for influence in influences],
        hovertemplate="%{customdata[0]}: cosine %{y:+.2f}, probability %{customdata[1]:+.0%}<extra></extra>",
    )
    positions = [*(influence.position for influence in influences), placement.use.position]
    words = [
        *(safe(clip(influence.token, 16)) for influence in influences),
        f"<b>{safe(placement.use.word)}</b>",
    ]
    figure.update_xaxes(tickvals=positions, ticktext=words, tickangle=-45, showgrid=False)
    figure.update_yaxes(title="change of cosine")
    figure.update_layout(dragmode=False, showlegend=False)
    return figure


def describe_influences(placement: Placement) -> str:
    """The influences in words, the strongest three."""
    if not placement.influences:
        return "There is one group alone, so no word decides."
    strongest = sorted(placement.influences, key=lambda influence: -abs(influence.cosine_change))[:3]
    parts = listing(f"{influence.token} ({influence.cosine_change:+.2f})" for influence in strongest)
    return f"Words that decide most, by the change of cosine with the group's centroid: {parts}."
