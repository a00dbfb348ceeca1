"""The Cosmonapse protocol for Python agents."""
