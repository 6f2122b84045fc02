"""Benchmarks: ratios between things run side by side in one run, so that a slow or busy machine says the same."""
