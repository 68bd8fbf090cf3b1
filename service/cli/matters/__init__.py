"""Commands on a matter, as they run."""
