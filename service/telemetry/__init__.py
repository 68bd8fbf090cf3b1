"""Telemetry: ids, log lines, spans, and the masks that keep secrets out of them."""
