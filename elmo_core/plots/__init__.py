"""Results in, plotly figures out: one template, one palette, each figure with its description in words."""

from elmo_core.extras import extra

with extra("plots"):
    import plotly  # noqa: F401 (asked for here once, for all modules of this package)
