"""What an analysis may ask of a model, and transformers that answer as a biLM does."""
