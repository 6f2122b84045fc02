"""What speaks to the outside: TMDB, its simulator, data sets."""
