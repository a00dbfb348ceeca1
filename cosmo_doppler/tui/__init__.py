"""The screen: what a person sees of a session, and the keys with which they act."""
