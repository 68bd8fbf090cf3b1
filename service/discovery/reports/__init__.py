"""Report on a Matter: exceptions, reconciliation, duplicates, threads, custodians, volumes. Begin at `writing.py`.

Each table is written as CSV and JSON; one HTML file shows them all, needs nothing else and runs no script.
"""
