"""One module per kind of evidence; each ends in the access rollup or in the inventory tables."""
