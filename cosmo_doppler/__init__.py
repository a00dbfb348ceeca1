"""The terminal observatory."""
