"""Tagged sentences: reading and writing them, tag schemes, CRFs and span scores."""
