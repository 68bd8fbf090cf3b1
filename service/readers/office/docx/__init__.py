"""Read Word files (DOCX). Entry: `docx_reader.py`."""
