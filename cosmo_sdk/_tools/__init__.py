"""Programs for people who change the SDK."""
