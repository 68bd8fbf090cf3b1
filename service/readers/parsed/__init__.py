"""Documents that another parser has read: element JSON of unstructured, Docling's JSON, and unstructured itself.

All become a list of `Element` (`elements.py`), which is written as a Document with its pages and boxes.
"""
