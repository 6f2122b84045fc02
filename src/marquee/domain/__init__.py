"""What an answer is made of: events, measures, merge and scores. No I/O."""
