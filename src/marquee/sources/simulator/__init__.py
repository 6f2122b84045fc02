"""A simulated TMDB: the same JSON over HTTP, deterministic from a seed and the time it is asked at."""
