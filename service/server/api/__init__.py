"""Serve HTTP: requests to jobs, Results to responses, nothing else. Needs the extra `serve`."""
