"""Tables in, classifiers out: reading, checking, vectorising, learning, comparing, explaining."""
