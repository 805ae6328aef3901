"""Embeds texts of any size in constant memory, into files of several formats, and goes on after any end."""
