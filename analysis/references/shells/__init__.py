"""Command lines: how a shell takes them apart, and which tools and scripts they start."""
