"""Every frame seen, in columns."""

from cosmo_doppler.store.columns import Store

__all__ = ["Store"]
