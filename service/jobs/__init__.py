"""Keep Jobs that survive crashes: queued, claimed under a lease, finished once. Contract: `base.py`.

Worker: `loop.py`.
"""
