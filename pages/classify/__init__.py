"""Classify texts: methods compared on labelled texts."""
