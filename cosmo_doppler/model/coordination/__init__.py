"""What signals tell of coordination: pools, tasks, negotiations, votes, auctions and delegations, folded without a store."""
