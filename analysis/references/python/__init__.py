"""Python: executed symbolically, so that a path is known wherever it is put together."""
