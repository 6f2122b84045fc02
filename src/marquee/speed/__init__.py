"""The fresh layer: micro-batches folded into cells, synced and ranked."""
