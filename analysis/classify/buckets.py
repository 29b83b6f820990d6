"""Which bucket is meant when none is named."""

from analysis.catalogue import Catalogue
from analysis.classify.rollup import run
from analysis.errors import BadInput
from analysis.settings import Settings


def choose_bucket(
    catalogue: Catalogue, wanted: str | None, settings: Settings, env: str | None = None, *, analysed: bool
) -> str:
    """The bucket named by an option or by the settings, else the only one with an inventory (`analysed`: a snapshot).

    `{env}` in the name stands for the environment. Raises BadInput where the choice is open.
    """
    name = wanted or settings.bucket
    env = env or settings.env
    if name is not None:
        if "{env}" in name and env is None:
            raise BadInput(f"the bucket's name {name} needs an environment", "give --env, or set env in the settings")
        return name.replace("{env}", env or "")
    candidates = [row[0] for row in run(catalogue.connection, "analysed_buckets" if analysed else "known_buckets")]
    if not analysed and len(candidates) > 1:
        with_inventory = [row[0] for row in run(catalogue.connection, "inventoried_buckets")]
        candidates = with_inventory or candidates
    if len(candidates) == 1:
        return str(candidates[0])
    if not candidates:
        wanted_first = "run `thermocline analyze`" if analysed else "ingest logs and an inventory first"
        raise BadInput(
            f"{catalogue.path} holds no {'analysis' if analysed else 'evidence'} of any bucket", wanted_first
        )
    raise BadInput("several buckets are known", f"choose one with --bucket: {', '.join(map(str, candidates))}")
