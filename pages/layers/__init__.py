"""Layers and mixtures: what each layer knows and what mixing them gains."""
