"""From merged values to a Result: its status, its reasons, its coverage. Entry: `builder.py`."""
