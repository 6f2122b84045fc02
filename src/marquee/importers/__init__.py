"""Files as people have them, read as facts: one module a data set, and what they share of opening, recognising and reading."""
