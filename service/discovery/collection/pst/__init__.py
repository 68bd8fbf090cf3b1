"""Read mailboxes of Outlook (PST, OST) as MS-PST describes them, without a library.

From below: `file.py` (pages and blocks), `properties.py` (heaps, properties, tables), `messages.py` (folders, and messages as MSG files). `units.py`
makes units of an import, `members.py` reads a mailbox that is inside something else.
"""
