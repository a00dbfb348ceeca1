"""Pools of agents, tasks with one holder each, negotiation, votes, auctions and delegation."""
