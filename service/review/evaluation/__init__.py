"""What grounding did not find, looked at once more: by code where a record decides it, else by an evaluator."""
