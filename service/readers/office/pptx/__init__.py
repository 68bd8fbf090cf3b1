"""Read PowerPoint files (PPTX). Entry: `pptx_reader.py`."""
