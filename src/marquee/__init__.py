"""Marquee: film analytics over TMDB's data, exact and within seconds."""

__version__ = "0.2.0"
