"""What each layer knows: mixtures and their scores, learned weights, probes, geometry of contextuality."""
