"""Figures: pure functions from query results to matplotlib figures. Importing one imports matplotlib."""
