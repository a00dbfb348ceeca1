"""Every frame seen, in columns."""

from cosmo_doppler.store.columns import Arrived, Store
from cosmo_doppler.store.indexing import Indexer
from cosmo_doppler.store.lines import Blocks, open_blocks
from cosmo_doppler.store.memory import DEFAULT_CAP
from cosmo_doppler.store.rows import Rows

__all__ = ["DEFAULT_CAP", "Arrived", "Blocks", "Indexer", "Rows", "Store", "open_blocks"]
