"""One small lake for the tests that look at it."""

import pytest

from thermocline.sandbox.lake import Lake, build_lake


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return build_lake(tmp_path_factory.mktemp("lake"), seed=7, scale=0.05)
