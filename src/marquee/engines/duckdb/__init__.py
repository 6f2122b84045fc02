"""The embedded engine: DuckDB over a local Iceberg catalogue."""
