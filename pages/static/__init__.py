"""Contextual and static: one vector for each word compared with one vector for each use."""
