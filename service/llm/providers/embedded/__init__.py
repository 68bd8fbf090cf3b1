"""A small model inside this process: no key, no network, no price. It chooses; it does not write."""
