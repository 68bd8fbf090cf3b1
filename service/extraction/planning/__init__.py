"""Plan which fields are asked of which Chunks, in how many questions, and how large each may be."""
