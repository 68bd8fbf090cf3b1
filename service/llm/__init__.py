"""Language models: answer one question with one reply."""
