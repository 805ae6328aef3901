"""Splits, chance levels and intervals, for every measurement."""
