"""Tags for tokens: readers of tagged sentences, a CRF tagger over the mixed layers, span scores, writers."""
