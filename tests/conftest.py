"""One judged and planned lake for all the journey's tests, and how property tests draw their examples.

CI draws the same examples every time, so that a red run means a changed program; `make explore` and `make torture` draw
new ones and print how to repeat a failure.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from judged_lake import Judged, judge
from thermocline.sandbox.lake import build_lake

# No deadline and no complaint about slowness: neither says anything about the program, and a busy machine meets both.
patient: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("same", derandomize=True, database=None, **patient)
settings.register_profile("explore", print_blob=True, **patient)
settings.load_profile("same")


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("lake")
    lake = build_lake(folder / "lake", seed=7, scale=0.2, env="prod")
    return judge(lake, folder, env="prod", mappings=lake.mappings_path)
