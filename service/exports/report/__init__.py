"""Write one self-contained HTML file that shows Results with their evidence. Begin at `report_file.py`.

It holds no script, loads nothing, and says so to the browser (CSP). Everything that comes from documents passes
`html_text.py`.
"""
