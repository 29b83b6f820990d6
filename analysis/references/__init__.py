"""What a team's code says about the bucket, read from its source without running it."""
