"""One module per command; parsing and printing only."""
