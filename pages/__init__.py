"""The pages of the app. A package, so that no other `pages` on the search path is imported instead."""
