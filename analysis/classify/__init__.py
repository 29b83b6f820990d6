"""Verdicts: subfolders, consumers, temperature, isolation and pattern of a bucket, from the evidence in a catalogue."""
