"""Find the parties, terms and clauses of contracts."""
