"""Models: which one the pages read with, what is here, and models of one's own."""
