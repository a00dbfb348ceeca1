"""Rules that find what goes wrong in silence, one file for each part of a namespace's life."""
