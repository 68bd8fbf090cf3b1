"""The pages for people: upload, review, login and the reference of the API, as plain HTML, CSS and JavaScript.

Begin at `page_routes.py`; `page_assembly.py` puts a page together from `assets/`. Nothing is built: a change of an asset
shows after a restart of the service.
"""
