"""Map the words of fields and labels to known concepts."""
