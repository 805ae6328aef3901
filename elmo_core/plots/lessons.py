"""What a lesson measured, beside the prediction of the learner."""

from __future__ import annotations

import plotly.graph_objects as go

from elmo_core.lessons.checking import Measurement
from elmo_core.plots.style import NEUTRAL, PALETTE, clip, new_figure, safe

_ROW_PX = 44
_WIDTH = 52  # characters of an option's text


def plot_outcome(outcome: Measurement, predicted: str | float) -> go.Figure:
    """Draw the value of each option as a bar; the right one is filled, an estimate is a dashed line.

    Args:
        outcome: what was measured.
        predicted: the name of an option, `EQUAL`, or an estimate.
    """
    options = outcome.question.options
    is_right = [outcome.question.is_estimate or option.name == outcome.right for option in options]
    figure = new_figure(_ROW_PX * len(options) + 36)
    figure.add_bar(
        x=[outcome.values[option.name] for option in options],
        y=list(range(len(options))),
        orientation="h",
        width=0.55,
        marker={"color": [PALETTE[0] if right else NEUTRAL for right in is_right]},
        text=[
            f"<b>{value}</b>" if right else value
            for value, right in zip(outcome.texts.values(), is_right, strict=True)
        ],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    top = max(1e-9, *outcome.values.values())
    if not isinstance(predicted, str):
        figure.add_vline(
            x=predicted,
            line={"dash": "dash", "color": PALETTE[1], "width": 2},
            annotation={"text": f"your estimate {outcome.show(predicted)}", "yanchor": "bottom"},
        )
        top = max(top, predicted)
    figure.update_yaxes(
        tickvals=list(range(len(options))),
        ticktext=[
            safe(clip(option.text, _WIDTH)) + (" (your prediction)" if option.name == predicted else "")
            for option in options
        ],
        autorange="reversed",
        automargin=True,
        fixedrange=True,
    )
    low = min(0.0, *outcome.values.values(), 0.0)
    figure.update_xaxes(range=(low, 1.15 * top), showticklabels=False, showgrid=False, fixedrange=True)
    figure.update_layout(showlegend=False, dragmode=False, margin={"t": 28})
    return figure
