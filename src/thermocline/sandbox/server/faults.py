"""Injected behaviour: what goes wrong, at which calls, how often.

A rule is matched against calls in order; the first rule that fires decides. `kind` is one of

- error: the answer is `status` with `reason` (503 backendError by default); nothing is done
- latency: the call waits `seconds` first, then goes on (other rules may fire, too)
- held: the call waits until the faults are lifted, then goes on
- lost-response: the call is carried out, then the connection is dropped without an answer
- late-response: the call is carried out, its answer comes `seconds` later
- reset: the connection is dropped; nothing is done
- cut-response: the call is carried out, the answer breaks off in the middle
- wrong-checksum: the object that the call writes gets a checksum that is not its content's
- rate-limit: at most `rate` calls a second pass, the others get 429 rateLimitExceeded
- expired-token: 401 authError; nothing is done
- page-truncated, page-duplicated, page-empty: a list page with fewer entries, with its last entry told again on the
  next page, or empty; always with a token when there is more
- denied: 403 naming `permission`

`operation` is the API's method (`objects.rewrite`), a group (`objects.*`) or `*`; `bucket` and `name` narrow it (name
is a substring; for copies, source and target both count). `after` calls pass before the rule is live, then it fires
`count` times (-1: for ever), each time with `probability`.
"""

import asyncio
import random
import time

import msgspec

from thermocline.sandbox.server.call import Call
from thermocline.sandbox.server.errors import ApiError, forbidden

PAGE_FAULTS = {"page-truncated": "truncated", "page-duplicated": "duplicated", "page-empty": "empty"}
KINDS = frozenset(
    {
        "error",
        "latency",
        "held",
        "lost-response",
        "late-response",
        "reset",
        "cut-response",
        "wrong-checksum",
        "rate-limit",
        "expired-token",
        "denied",
    }
    | set(PAGE_FAULTS)
)
_WAITS = {"latency", "held"}
_REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    408: "requestTimeout",
    409: "conflict",
    410: "gone",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "internalError",
    502: "badGateway",
    503: "backendError",
    504: "gatewayTimeout",
}


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """One fault rule, as posted to `/sandbox/faults`."""

    kind: str
    operation: str = "*"
    bucket: str = ""
    name: str = ""
    after: int = 0
    count: int = 1
    probability: float = 1.0
    status: int = 503
    reason: str = ""
    message: str = "Injected by the sandbox."
    permission: str = "storage.objects.get"
    retry_after: str = ""
    seconds: float = 0.0
    rate: float = 0.0
    seed: int = 0
    seen: int = 0
    fired: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind {self.kind!r}; one of {', '.join(sorted(KINDS))}")


class Faults:
    """The rules in force, with their counters."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.injected = 0
        self._lifted = asyncio.Event()
        self._random: dict[int, random.Random] = {}
        self._bucket: dict[int, tuple[float, float]] = {}

    def add(self, rules: list[Rule]) -> None:
        """Put more rules in force."""
        self.rules += rules

    def clear(self) -> None:
        """No more faults; the counters start anew."""
        self.rules.clear()
        self._lifted.set()
        self._lifted = asyncio.Event()
        self._random.clear()
        self._bucket.clear()

    async def before(self, call: Call) -> Rule | None:
        """Wait if told to, and return the rule that fires for this call, if any."""
        for rule in self.rules:
            if _matches(rule, call) and self._fires(rule):
                if rule.kind not in _WAITS:
                    return rule
                await (self._lifted.wait() if rule.kind == "held" else asyncio.sleep(rule.seconds))
        return None

    def now(self, call: Call) -> Rule | None:
        """The same for the parts of a batch, which do not wait one by one."""
        rules = (rule for rule in self.rules if rule.kind not in _WAITS)
        return next((rule for rule in rules if _matches(rule, call) and self._fires(rule)), None)

    def _fires(self, rule: Rule) -> bool:
        rule.seen += 1
        if rule.seen <= rule.after or (rule.count >= 0 and rule.fired >= rule.count):
            return False
        key = id(rule)
        if rule.probability < 1:
            chance = self._random.setdefault(key, random.Random(rule.seed))
            if chance.random() >= rule.probability:
                return False
        if rule.kind == "rate-limit" and self._within_rate(key, rule.rate):
            return False
        rule.fired += 1
        self.injected += 1
        return True

    def _within_rate(self, key: int, rate: float) -> bool:
        now = time.monotonic()
        tokens, last = self._bucket.get(key, (max(rate, 1.0), now))
        tokens = min(tokens + (now - last) * rate, max(rate, 1.0))
        within = tokens >= 1
        self._bucket[key] = (tokens - 1 if within else tokens, now)
        return within


def refusal(rule: Rule) -> ApiError | None:
    """The error answer of a rule that answers instead of the server."""
    match rule.kind:
        case "error":
            return ApiError(rule.status, rule.reason or _REASONS.get(rule.status, "backendError"), rule.message)
        case "rate-limit":
            return ApiError(429, "rateLimitExceeded", "The rate of requests to the bucket exceeds what it takes.")
        case "expired-token":
            return ApiError(401, "authError", "Invalid Credentials", "Authorization")
        case "denied":
            return forbidden(
                f"The caller does not have {rule.permission} access to the Google Cloud Storage object. "
                f"Permission '{rule.permission}' denied on resource (or it may not exist)."
            )
        case _:
            return None


def _matches(rule: Rule, call: Call) -> bool:
    operation = rule.operation
    grouped = operation.endswith("*") and call.operation.startswith(operation[:-1])
    if operation != call.operation and not grouped:
        return False
    if rule.bucket and rule.bucket not in (call.bucket, call.target_bucket):
        return False
    return not rule.name or rule.name in call.name or rule.name in call.target_name
