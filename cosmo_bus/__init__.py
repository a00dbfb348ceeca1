"""The dev bus: opaque frames, moved by subject, in memory and over TCP."""
