"""Word senses: the uses of a word, in groups."""
