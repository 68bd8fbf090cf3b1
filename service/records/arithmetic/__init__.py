"""Check arithmetic: lines that are totals of records or carry a sum to the next page, and values that follow from others of their record."""
