"""One small lake for everything that the documentation tells to do, judged once for the notebooks and the site."""

import pytest

from judged_lake import Judged, judge
from thermocline.sandbox.lake import Lake, build_lake


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return build_lake(tmp_path_factory.mktemp("small") / "lake", scale=0.05, days=60)


@pytest.fixture(scope="session")
def judged(small_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    return judge(small_lake, tmp_path_factory.mktemp("judged"), env="prod", mappings=small_lake.mappings_path)
