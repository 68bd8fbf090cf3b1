"""What fields and labels mean, by their words."""
