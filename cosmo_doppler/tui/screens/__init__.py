"""The one screen of the observatory, and the help laid over it."""
