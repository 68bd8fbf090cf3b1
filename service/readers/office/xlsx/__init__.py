"""Read Excel files (XLSX, and Excel 2003 XML). Entry: `xlsx_reader.py`."""
