"""docs/reliability.md says what the tests prove, and nothing else."""

from reliability_page import PAGE, page, rows


def test_the_page_is_made_from_the_tests() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python tests/support/reliability_page.py"


def test_there_are_rows() -> None:
    assert len(list(rows())) >= 30
