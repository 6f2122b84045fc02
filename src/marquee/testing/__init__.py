"""For tests of your own: adapters in memory (`memory`), and the suite that every adapter of a port must pass (`suite`).

docs/architecture.md, "Write an adapter", says how an adapter of yours is held to it. Nothing of the platform imports this.
"""
