"""Learning from labelled texts and tags: methods, their comparison, a verdict, and a look inside."""
