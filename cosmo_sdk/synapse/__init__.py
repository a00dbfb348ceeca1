"""The transports: one meaning, several buses."""
