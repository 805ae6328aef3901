"""The uses of a large corpus in a vector store on disk, found by word and by vector."""
