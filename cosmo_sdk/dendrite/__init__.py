"""The Dendrite: one participant on a Synapse."""

from cosmo_sdk.dendrite._dendrite import Cortex, Dendrite
from cosmo_sdk.dendrite._link import Role

__all__ = ["Cortex", "Dendrite", "Role"]
