"""The same question asked of static and of contextual vectors, with numbers that compare."""
