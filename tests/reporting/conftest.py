"""What the browser tests and the report tests share: one browser, one folder of reports."""

from collections.abc import Iterator

import pytest

from chromium import Browser, running_chromium
from report_folder import Reports, make_reports
from small_catalogue import usual_folders


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_chromium() as started:
        yield started


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return make_reports(tmp_path_factory.mktemp("reports"), usual_folders())
