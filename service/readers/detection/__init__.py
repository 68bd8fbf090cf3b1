"""What type of file some bytes are."""
