"""The `cosmo` command. Importing this imports click and nothing heavy: each command's module comes when it is named."""

from __future__ import annotations

from cosmo_doppler.cli.root import main

__all__ = ["main"]
