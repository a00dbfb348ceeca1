"""The pytest plugin: fixtures and recordings for tests of agents.

A package of its own because pytest imports it at every start, in projects that may have nothing to do with agents
that day: it must not bring the SDK along. All that works is in `cosmo_sdk.testing`.
"""
