"""What is kept: answers and calls, uploads, small records; encrypted where there is a key."""
