"""The parts of `elmo_core.embedder`: reading texts, planning batches, running them on all cores."""
