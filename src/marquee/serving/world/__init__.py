"""What the API answers from: both layers' figures in memory, merged."""
