"""One model for many at a time: layers that were computed before are kept, requests are joined."""
