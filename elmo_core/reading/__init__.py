"""A text read word by word: how surprising each one is from either side, and what was expected instead."""
