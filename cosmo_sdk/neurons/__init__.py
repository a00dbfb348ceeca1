"""Neurons that others run: language models behind HTTP, and tools behind MCP (PROTOCOL 7.2)."""

from cosmo_sdk.neurons.base import Neuron
from cosmo_sdk.neurons.servers import STANDARD_MCP_SERVERS

__all__ = ["STANDARD_MCP_SERVERS", "Neuron"]
