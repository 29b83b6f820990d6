"""The pace of one bucket, on a clock that the test moves."""

import pytest

from executor.rate import RateControl


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def served(rate: RateControl, clock: Clock, seconds: float, step: float = 0.01) -> int:
    """How many requests may be sent in this time by a caller that never stops asking."""
    count, end = 0, clock.now + seconds
    ready_at = clock.now
    while clock.now < end:
        while ready_at <= clock.now:
            ready_at = clock.now + rate.reserve()
            count += 1
        clock.now += step
    return count


def test_it_starts_at_the_rate_that_a_bucket_takes() -> None:
    clock = Clock()
    rate = RateControl(1000, clock=clock)

    assert served(rate, clock, 2.0) == pytest.approx(2000, rel=0.05)


def test_it_doubles_in_twenty_minutes_of_use_and_no_faster() -> None:
    clock = Clock()
    rate = RateControl(10, clock=clock)

    served(rate, clock, 1200, step=0.05)

    assert rate.rate == pytest.approx(20, rel=0.02)


def test_a_pause_is_not_saved_up() -> None:
    clock = Clock()
    rate = RateControl(100, clock=clock)
    rate.reserve()
    clock.now += 3600

    assert served(rate, clock, 1.0) <= 110
    assert rate.rate < 101


def test_one_burst_of_refusals_halves_it_once() -> None:
    clock = Clock()
    rate = RateControl(1000, clock=clock)
    for _ in range(50):
        rate.slow_down(sent_at=clock.now - 0.1)
    rate.slow_down(sent_at=clock.now - 0.1)

    assert rate.rate == 500
    clock.now += 1
    rate.slow_down(sent_at=clock.now)
    assert rate.rate == pytest.approx(250, rel=0.01)
    assert rate.throttled == 52


def test_it_recovers_but_never_stops() -> None:
    clock = Clock()
    rate = RateControl(8, clock=clock)
    for _ in range(30):
        rate.slow_down(sent_at=clock.now)
        clock.now += 1

    assert rate.rate == 5
    served(rate, clock, 300, step=0.05)
    assert rate.rate > 5


def test_without_a_cap_nothing_waits_until_the_service_objects() -> None:
    clock = Clock()
    rate = RateControl(None, clock=clock)

    assert (rate.reserve(10_000), rate.cap) == (0.0, None)
    rate.slow_down(sent_at=clock.now)
    assert rate.cap == 500
