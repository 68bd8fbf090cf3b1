"""Check again what grounding did not find: in code where a record decides it, else by an evaluator."""
