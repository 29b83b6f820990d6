"""Is the old place quiet? Judged from fresh logs alone; a day without evidence does not count as quiet."""

from dataclasses import dataclass
from datetime import date, timedelta

from analysis.touches import Touch, Touches
from analysis.words import plural


@dataclass(frozen=True)
class Silence:
    """How quiet a place has been. `since` is the first quiet day, `missing` days of it without any log."""

    quiet: bool
    days: int
    needed: int
    since: date
    covered_to: date | None
    missing: int
    reason: str
    users: tuple[Touch, ...] = ()
    code: tuple[str, ...] = ()


def silence(found: Touches, verified_on: date, needed: int) -> Silence:
    """Quiet means: no consumer for `needed` whole days after the verification, every one of them seen by the logs.

    A plan that asks for none gets one: nothing is deleted without having been looked for once.
    """
    needed = max(1, needed)
    users = tuple(touch for touch in found.touches if touch.kind == "consumer" and touch.last_at.date() > verified_on)
    last_use = max((touch.last_at.date() for touch in users), default=verified_on)
    since = max(verified_on, last_use) + timedelta(days=1)
    covered_to = max(found.covered, default=None)
    days = max(0, (covered_to - since).days + 1) if covered_to is not None else 0
    window = {since + timedelta(days=number) for number in range(days)}
    missing = len(window - set(found.covered))
    if covered_to is None or covered_to < since:
        reason = f"no logs of reads after {since - timedelta(days=1)}: ingest fresh ones"
    elif missing:
        reason = f"{plural(missing, 'day')} since {since} without logs of reads: unknown is not quiet"
    elif days < needed:
        reason = f"quiet for {days} of {needed} days"
    else:
        reason = f"quiet for {days} days, as far as the logs up to {covered_to} tell"
    quiet = covered_to is not None and not missing and days >= needed
    return Silence(quiet, days, needed, since, covered_to, missing, reason, users, found.code)
