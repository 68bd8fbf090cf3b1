"""Jobs that survive anything: queued, claimed under a lease, finished once. One contract, three members, one loop."""
