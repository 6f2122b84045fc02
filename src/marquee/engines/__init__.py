"""Where tables are held and computed: Iceberg tables, read by DuckDB or by Spark."""
