"""Stepping a live bus: breaks that hold signals at its gates, and what a person decides about each of them.

`book` says what is held, `stepper` acts on the bus, `editing` changes signals, `scope` reads expressions for a bus.
"""
