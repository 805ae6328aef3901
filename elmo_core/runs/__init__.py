"""Training runs as processes of their own, found again by whoever looks at their folders."""
