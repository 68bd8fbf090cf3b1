"""Store what must outlive the process: raw answers, the log of calls, the state of Units."""
