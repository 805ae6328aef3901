"""Vectors of uses in, small results out: uses of a word, their shared map, how well their senses separate."""
