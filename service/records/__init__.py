"""Lists: where records begin, which lines are of one list, and how many records a text holds; without a model."""
