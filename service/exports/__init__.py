"""Write finished Results as tables that people use, and as a report to look at.

Tables: `writing.py` writes them as XLSX, CSV, JSONL or Parquet. Their columns come from the target's schema (`columns.py`,
`target_fields.py`), never from the data; `rows.py` makes the rows of one Result, with marks for what is doubtful and with
rows for what is missing. `report/` writes one HTML file with the evidence framed on the pages.
"""
