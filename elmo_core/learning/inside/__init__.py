"""A look inside a comparison: learning curves, label errors, deciding words, span differences."""
