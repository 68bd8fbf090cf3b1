"""Serve the files of a job: which are finished, their bytes and pages (`originals.py`), their Results as tables (`tables.py`)."""
