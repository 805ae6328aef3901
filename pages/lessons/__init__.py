"""Lessons: predict what the model will do, look, and find out why."""
