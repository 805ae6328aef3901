"""Whole texts as maps: their tokens or texts as points, layer by layer."""
