"""Read: the surprise of every word of a text, and what was expected instead."""
