"""From evidence to the catalogue: what is in the bucket, who uses it, and how warm it is."""
