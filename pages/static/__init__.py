"""Contextual and static: one vector a word against one vector a use."""
