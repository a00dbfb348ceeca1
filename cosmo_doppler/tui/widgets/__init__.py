"""What the screen is made of: line widgets over the board and the store."""
