"""One module per kind of question, each asked of the world."""
