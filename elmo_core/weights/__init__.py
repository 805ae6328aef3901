"""Models as files: the official format both ways, our own folders, archives, names, downloads."""
