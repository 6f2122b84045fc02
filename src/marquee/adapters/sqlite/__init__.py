"""The embedded stores: one SQLite file each, one connection class under all."""
