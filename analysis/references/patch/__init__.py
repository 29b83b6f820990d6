"""The code changes that a move needs: planned from a traced scan, written as diffs, proven by scanning again.

A path's own text is edited where it is written. A bucket that only moved folders use is edited where it is written too;
one that others share gets a new constant beside it, and the uses that lead to the moved folder take the new name.
What cannot be edited safely is a to-do with its place. The order of edits never matters: each has its own place.
"""
