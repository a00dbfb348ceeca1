"""What a person may do, as forms: each shows itself, acts through the session, and leaves the screen to the signals.

Nothing is imported here: whoever opens one form pays for that one alone.
"""
