"""The complete layer: bronze, silver, gold, publication."""
