"""What an operator sees: state, health, metrics, audits, quality."""
