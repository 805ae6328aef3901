"""What `elmo_core.embedder` is made of: reading, planning, running, on all cores, in bounded memory."""
