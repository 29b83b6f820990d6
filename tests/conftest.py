"""One judged and planned lake for all the journey's tests, and how property tests draw their examples.

CI draws the same examples every time, so that a red run means a changed program; `make explore` and `make torture` draw
new ones and print how to repeat a failure.
"""

import pytest
from hypothesis import settings

from judged_lake import Judged, judge
from thermocline.sandbox.lake import build_lake

settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore", print_blob=True)
settings.load_profile("same")


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("lake")
    lake = build_lake(folder / "lake", seed=7, scale=0.2, env="prod")
    return judge(lake, folder, env="prod", mappings=lake.mappings_path)
