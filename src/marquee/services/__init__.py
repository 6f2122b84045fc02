"""The services of the cluster profile as local processes, for tests and for a laptop without Docker."""
