"""Load files from bytes to typed values, and back: DAT, CSV and OPT.

Begin at `dat_file.py`. Below it, in the order of the data: `text_encoding`, `delimiters`, `rows`, `columns` (names of fields, from
`fields.toml`), `typed_values`, `dates`, `bates`. `dat_writer.py` and `opticon.py` write.
"""
