"""Into the log (the door) and out of it into bronze (the archive)."""
