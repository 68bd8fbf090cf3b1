"""What people say of Results: corrections, decisions and claims, and Results with them applied. Begin at `base.py`."""
