"""Checks, on a throw-away bucket, what a migration assumes of the storage service.

Every assumption is tried on objects of its own below `thermocline-selftest/<run>/`, through the client that `execute`
uses; nothing else in the bucket is read or changed, and everything made is removed again.
"""
