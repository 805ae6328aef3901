"""Lessons: Markdown files that ask for a prediction, measure the answer and explain it."""
