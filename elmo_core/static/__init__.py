"""Static vectors, one for each word whatever stands around it: load, train, compare with contextual ones."""
