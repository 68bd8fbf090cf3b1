"""Read RTF files. Entry: `rtf_reader.py`."""
