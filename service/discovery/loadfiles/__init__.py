"""Productions as the other side delivers them: DAT, OPT, CSV, LFP and EDRM XML, with NATIVES, TEXT and IMAGES.

Begin at `validation.py`: the first pass over a volume, which reads everything and writes nothing. Below it, from bytes to
meaning: `text_encoding`, `delimiters`, `rows`, `columns` (names of fields), `dates` and `typed_values`, `bates`, `volume_paths`.
"""
