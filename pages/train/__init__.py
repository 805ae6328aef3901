"""Train: a language model on one's own text, watched while it learns."""
