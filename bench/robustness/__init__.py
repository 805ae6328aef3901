"""Whether damaged files are read or refused in one sentence: good files, damage, readers."""
