"""Show a document as it is: pictures of its pages, and passages of its text. Begin at `page_pictures.py`."""
