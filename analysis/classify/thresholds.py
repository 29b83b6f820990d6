"""Every number that the rules compare against, in one place.

`[thresholds]` and `[subfolders]` in thermocline.toml override them by name. Days are UTC days, bytes are binary.
"""

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What separates hot from warm from cold, and one usage pattern from another."""

    # Temperature: days with an effective read, of the last 30 days.
    hot_read_days_30: int = 15
    warm_read_days_30: int = 3

    # Evidence: below these the temperature is unknown.
    minimum_coverage_days: int = 30
    recent_coverage_days: int = 25  # days covered by read logs among the last 30
    longest_quiet_days: int = 3  # a longer silence of the whole bucket counts as a gap in the logs, not as quiet
    unlogged_share: float = 0.1  # share of new objects without a write event above which logs are incomplete

    # Polls: one identity asking for one object again and again within a day.
    poll_repeats: int = 6
    poll_minutes: int = 30  # on average between two calls; asking at longer intervals is looking something up
    poll_repeats_sole_object: int = 48  # where the folder holds nothing else, repeated reads may well be use

    # Scanners: one client reading the same share of the old data everywhere (classify/scanners.py).
    scanner_minimum_folders: int = 4  # places it must have reached, and that must have been within its reach
    scanner_place_share: float = 0.9  # of the places that its share of the old data should have reached
    scanner_least_share: float = 0.03  # of the old data; below this anybody's reading looks even
    scanner_evenness: float = 0.6  # of its share that a place gets on average
    scanner_rounds: float = 1.5  # more rounds than this over the parts of a single folder are use
    scanner_notes_share: float = 0.05  # writes per read, in one place: a scanner may leave its notes

    # Writers.
    regular_write_days_30: int = 4  # writes on this many of 30 days are a process, not an occasion
    daily_write_days_30: int = 15
    dormant_days: int = 730  # where nothing is new for this long, people who look into it make no archive of their own
    manual_write_share: float = 0.5  # share of write days that people need to have for a folder to count as theirs
    external_write_share: float = 0.5

    # Lifetimes.
    transient_deleted_share: float = 0.5  # deletes per write in the window
    transient_age_days: int = 21  # nothing older than this survives in a transient folder
    growing_share: float = 0.1  # bytes added within the window, of all bytes

    # Reports and libraries.
    report_format_share: float = 0.8
    library_bytes: int = 16 * 1024 * 1024
    library_objects: int = 200
    library_readers: int = 3

    # Hot head, cold tail.
    head_share: float = 0.5  # share of bytes that the cold tail must hold to be worth a lifecycle rule
    head_age_days: int = 180  # a head longer than this is no head

    # Small objects, where per-object costs outweigh bytes.
    small_object_share: float = 0.8
    small_objects: int = 1000  # fewer objects than this cost nothing to speak of


class SubfolderLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far discovery goes down, and what is too small to stand alone."""

    maximum_depth: int = 3
    minimum_share: float = 0.01  # of the parent's bytes or objects
    minimum_bytes: int = 0
    maximum_siblings: int = 50  # more weighty children than this are one collection
    maximum_tops: int = 1000  # more top-level folders than this need a share of the bucket to stand alone
    minimum_top_share: float = 0.001
