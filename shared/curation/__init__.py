"""What curators decide, and the pairs that models learn from."""
