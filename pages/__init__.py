"""What is on screen: a package, so that no other `pages` on the search path can take its place."""
