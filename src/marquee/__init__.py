"""Marquee: film analytics over TMDB's data, exact and within seconds."""

__version__ = "0.3.0"
