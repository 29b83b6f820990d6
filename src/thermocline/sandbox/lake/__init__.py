"""A lake that behaves like the real thing: `from thermocline.sandbox.lake import build_lake`."""

from thermocline.sandbox.lake.build import LOCATION, Lake, build_lake
from thermocline.sandbox.lake.names import DOCUMENT_NAMES, Names, random_names
from thermocline.sandbox.lake.seed import seed_server

__all__ = ["DOCUMENT_NAMES", "LOCATION", "Lake", "Names", "build_lake", "random_names", "seed_server"]
