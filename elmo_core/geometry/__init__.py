"""Geometry of any vectors: neighbours, groups, separation of labels, and maps in two or three dimensions."""
