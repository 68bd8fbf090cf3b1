"""One file (`python_api.py`) or a folder of files (`folder_run.py`, resumable) to Results."""
