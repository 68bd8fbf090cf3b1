"""Commands on finished Results, as they run."""
