"""What a server and its workers share: opened stores, the worker, retention, key rotation. Entry: `resources.py`."""
