"""Training a biLM on plain text: corpus, streams, the loop, its checkpoints, evaluation."""
