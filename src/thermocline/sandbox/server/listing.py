"""objects.list: prefixes, delimiters, offsets, globs, versions, and page tokens that survive changes between pages."""

import base64
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

import msgspec

from thermocline.sandbox.server.call import Call, Reply
from thermocline.sandbox.server.errors import invalid
from thermocline.sandbox.server.fields import below
from thermocline.sandbox.server.model import Bucket, StoredObject, object_resource
from thermocline.sandbox.server.store import Store

# Sorts after every name that begins with what stands before it.
_AFTER = "\U0010ffff"
# Parameters that make a listing more than live objects in order.
_UNUSUAL = frozenset({"delimiter", "matchGlob", "versions", "softDeleted", "includeTrailingDelimiter"})


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where a page ended: the last name, its generation, whether it was a common prefix; and which listing it was."""

    name: str
    generation: int
    is_prefix: bool
    listing: str


@dataclass(slots=True)
class Page:
    """What one call returns."""

    objects: list[StoredObject] = field(default_factory=list)
    prefixes: list[str] = field(default_factory=list)
    token: str = ""

    def __len__(self) -> int:
        return len(self.objects) + len(self.prefixes)


def list_objects(store: Store, call: Call) -> Reply:
    """One page."""
    bucket = store.bucket(call.bucket)
    store.purge_soft(bucket)
    if call.flag("versions") and call.flag("softDeleted"):
        raise invalid("versions and softDeleted exclude each other.")
    wanted = call.number("maxResults")
    if wanted is not None and wanted < 0:
        raise invalid(f"Invalid value for parameter maxResults: {wanted}", "invalidParameter")
    limit = min(wanted or store.settings.page_size, store.settings.page_size)
    page = read_page(bucket, call, limit)
    document: dict[str, object] = {"kind": "storage#objects"}
    if page.token:
        document["nextPageToken"] = page.token
    if page.prefixes:
        document["prefixes"] = page.prefixes
    if page.objects:
        shown = below(call.params.get("fields"), "items")
        document["items"] = [object_resource(bucket, held, call.base, shown) for held in page.objects]
    return Reply(document)


def read_page(bucket: Bucket, call: Call, limit: int) -> Page:
    """Up to limit objects and prefixes after the page token; a page fault changes how many, never the contract."""
    params = call.params
    listing = repr(
        [params.get(key) for key in ("prefix", "delimiter", "startOffset", "endOffset", "versions", "matchGlob")]
    )
    place = _place(params.get("pageToken"), listing)
    if call.page_fault == "truncated":
        limit = max(limit // 2, 1)
    if call.page_fault == "empty" and bucket.live:
        resumed = place or Place("", 0, False, listing)
        return Page(token=_encode(resumed))
    if not call.page_fault and params.keys().isdisjoint(_UNUSUAL):
        return _plain_page(_Walk(bucket, call, place), limit, listing)
    page = Page()
    delimiter = params.get("delimiter", "")
    prefix = params.get("prefix", "")
    trailing = call.flag("includeTrailingDelimiter")
    glob = params.get("matchGlob")
    matches = _glob(glob).fullmatch if glob is not None else None
    walk = _Walk(bucket, call, place)
    start = Place("", 0, False, listing)
    last = previous = place
    for held in walk:
        if len(page) >= limit:
            page.token = _encode((previous if call.page_fault == "duplicated" else last) or last or start)
            break
        if matches is not None and matches(held.name) is None:
            continue
        cut = held.name.find(delimiter, len(prefix)) if delimiter else -1
        previous = last
        if cut >= 0:
            common = held.name[: cut + len(delimiter)]
            page.prefixes.append(common)
            last = Place(common, 0, True, listing)
            if trailing and held.name == common:
                page.objects.append(held)
            walk.skip(common)
        else:
            page.objects.append(held)
            last = Place(held.name, held.generation, False, listing)
    return page


def _plain_page(walk: "_Walk", limit: int, listing: str) -> Page:
    """The page of an ordinary listing of live objects: what the loop of `read_page` gives, without its choices."""
    objects = list(islice(walk, limit + 1))
    if len(objects) <= limit:
        return Page(objects)
    last = objects[limit - 1]
    return Page(objects[:limit], token=_encode(Place(last.name, last.generation, False, listing)))


class _Walk:
    """Objects in order of name and generation, from the page's start; can skip all names under a prefix."""

    def __init__(self, bucket: Bucket, call: Call, place: Place | None) -> None:
        self._bucket = bucket
        self._place = place
        params = call.params
        self._shelves = _shelves(bucket, call)
        self._names = bucket.index.names(bucket.live) if self._shelves is None else sorted(self._shelves)
        prefix = params.get("prefix", "")
        start = max(prefix, params.get("startOffset", ""))
        if place is not None:
            start = max(start, place.name)
        self._at = bisect_left(self._names, start)
        self._end = bisect_left(self._names, prefix + _AFTER) if prefix else len(self._names)
        if end := params.get("endOffset"):
            self._end = min(self._end, bisect_left(self._names, end))
        if place is not None and place.is_prefix:
            self.skip(place.name)

    def skip(self, prefix: str) -> None:
        self._at = max(self._at, bisect_left(self._names, prefix + _AFTER))

    def __iter__(self) -> Iterator[StoredObject]:
        if self._shelves is None:
            return self._live()
        return self._all()

    def _live(self) -> Iterator[StoredObject]:
        # With a token, a live object overwritten since that page is not told twice.
        told = self._place.name if self._place is not None and not self._place.is_prefix else None
        find = self._bucket.live.get
        while self._at < self._end:
            name = self._names[self._at]
            self._at += 1
            held = find(name)
            if held is not None and name != told:
                yield held

    def _all(self) -> Iterator[StoredObject]:
        place, shelves = self._place, self._shelves or {}
        while self._at < self._end:
            name = self._names[self._at]
            self._at += 1
            for held in shelves[name]:
                done = place is not None and not place.is_prefix and name == place.name
                if done and place is not None and held.generation <= place.generation:
                    continue
                yield held


def _shelves(bucket: Bucket, call: Call) -> dict[str, list[StoredObject]] | None:
    if call.flag("softDeleted"):
        return bucket.soft
    if not call.flag("versions"):
        return None
    shelves = {name: list(old) for name, old in bucket.noncurrent.items()}
    for name, held in bucket.live.items():
        shelves.setdefault(name, []).append(held)
    return {name: sorted(held, key=lambda one: one.generation) for name, held in shelves.items()}


def _encode(place: Place) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _place(token: str | None, listing: str) -> Place | None:
    if not token:
        return None
    try:
        place = msgspec.json.decode(base64.urlsafe_b64decode(token), type=Place)
    except (ValueError, msgspec.MsgspecError):
        raise invalid("Invalid page token.", "invalidParameter") from None
    if place.listing != listing:
        raise invalid("The page token belongs to another listing.", "invalidParameter")
    return place


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """`*` and `?` stop at a slash, `**` does not; `[…]` and `{a,b}` as usual."""
    out, at, depth = [], 0, 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "*":
            if pattern[at : at + 1] == "*":
                at += 1
                # `**/` may also stand for no folder at all.
                out.append("(?:.*/)?" if pattern[at : at + 1] == "/" else ".*")
                at += pattern[at : at + 1] == "/"
            else:
                out.append("[^/]*")
        elif letter == "?":
            out.append("[^/]")
        elif letter == "[" and (close := pattern.find("]", at + 1)) > 0:
            inside = pattern[at:close].replace("\\", "\\\\")
            out.append(f"[{'^' + inside[1:] if inside.startswith('!') else inside}]")
            at = close + 1
        elif letter == "{":
            depth += 1
            out.append("(?:")
        elif letter == "}" and depth:
            depth -= 1
            out.append(")")
        elif letter == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(letter))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        raise invalid(f"Invalid value for parameter matchGlob: {pattern}", "invalidParameter") from None
