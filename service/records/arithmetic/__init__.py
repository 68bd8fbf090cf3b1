"""Check sums: lines that are totals of records, or that carry a sum to the next page."""
