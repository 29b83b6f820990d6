"""The order of copying: every object once, and neighbours in name order far apart in time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from executor.feeding import shuffled


@given(count=st.integers(0, 3_000), start=st.integers(0, 10_000))
def test_every_number_comes_once(count: int, start: int) -> None:
    assert sorted(shuffled(count, start)) == list(range(1, count + 1))


@given(count=st.integers(100, 100_000), start=st.integers(0, 100_000))
def test_no_two_in_a_row_are_of_the_same_tenth(count: int, start: int) -> None:
    order = [number for number, _ in zip(shuffled(count, start), range(200), strict=False)]
    assert all(min(abs(a - b), count - abs(a - b)) > count / 10 for a, b in pairwise(order))
