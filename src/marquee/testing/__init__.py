"""In-memory adapters and the suite that every adapter must pass, for tests of your own."""
