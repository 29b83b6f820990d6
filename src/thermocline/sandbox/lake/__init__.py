"""A lake that behaves like the real thing: `from thermocline.sandbox.lake import build_lake`."""

from thermocline.sandbox.lake.build import LOCATION, Lake, build_lake
from thermocline.sandbox.lake.names import DOCUMENT_NAMES, Names, random_names

__all__ = ["DOCUMENT_NAMES", "LOCATION", "Lake", "Names", "build_lake", "random_names"]
