"""Measurements that take minutes: each file is one program, `python -m bench.NAME --help`."""
