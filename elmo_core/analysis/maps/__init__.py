"""Maps of a whole text: its points, their neighbours, one frame for all layers, and what moved most."""
