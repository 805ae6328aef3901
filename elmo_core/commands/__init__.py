"""The command line, one file for each kind of command; `elmo_core.__main__` puts them together."""
