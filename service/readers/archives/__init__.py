"""Files that hold files: ZIP, TAR, compressed files, signed envelopes."""
