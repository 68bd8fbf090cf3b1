"""Ask again where the merged whole fails its target's checks, and decide conflicts. Entry: `correction_loop.py`."""
