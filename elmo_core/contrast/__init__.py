"""Comparisons of static and contextual vectors on the same questions."""
