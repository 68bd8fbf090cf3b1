"""Run `thresher serve`: the HTTP interface, and the delivery of webhooks. Entry: `serve.py`."""
