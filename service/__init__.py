"""The verbs of Thresher, and its doors."""
