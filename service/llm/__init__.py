"""One question in, one reply out."""
