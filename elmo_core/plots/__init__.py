"""Results in, plotly figures out: one template, one palette, each figure with its description in words."""
