"""What can be told about auctions: why somebody won, who else might have, and who keeps promises. All of it is pure."""
