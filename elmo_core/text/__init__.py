"""Strings to ids and back: characters, tokenisation, vocabulary, batching."""
