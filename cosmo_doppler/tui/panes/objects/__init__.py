"""What is told of one object of coordination, in lines: a module for each kind."""
