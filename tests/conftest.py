"""One judged and planned lake for all the journey's tests."""

import pytest

from judged_lake import Judged, judge
from thermocline.sandbox.lake import build_lake


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("lake")
    lake = build_lake(folder / "lake", seed=7, scale=0.2, env="prod")
    return judge(lake, folder, env="prod", mappings=lake.mappings_path)
