"""Maps: a whole text as points, layer by layer."""
