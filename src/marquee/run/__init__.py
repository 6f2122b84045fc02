"""What a person or a scheduler starts: following TMDB, imports, backups, upgrades, lineage."""
