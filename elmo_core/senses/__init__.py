"""The uses of a word: finding them, grouping them into senses, and how sure the groups are."""
