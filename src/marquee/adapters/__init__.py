"""One module per engine or store; a heavy library is imported in exactly one of them."""
