"""Entities: taggers compared on tagged sentences."""
