"""Turn collected SOURCEs (folders, archives, mailboxes, mails, files) into documents, families and exceptions.

Begin at `import_run.py`. Untrusted bytes are read in worker processes (`units.py`), a family at a time (`family.py`).
"""
