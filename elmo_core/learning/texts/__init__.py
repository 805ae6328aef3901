"""Labelled texts: reading them from a table, TF-IDF, static baselines, predictions for a table."""
