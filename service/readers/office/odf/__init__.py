"""Read OpenDocument files (ODT, ODS, ODP). Entry: `odf_reader.py`."""
