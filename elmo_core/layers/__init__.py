"""Mixtures of layers: what each layer holds, what mixing gains, and what probes read."""
