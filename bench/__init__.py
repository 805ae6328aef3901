"""Measurements that take minutes, one program a file; README.md says what each of them answers."""
