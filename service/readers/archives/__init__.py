"""Read files that contain files: ZIP, TAR, compressed files, signed envelopes."""
