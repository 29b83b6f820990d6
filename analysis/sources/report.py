"""What an ingest did: one line of arithmetic per input."""

from dataclasses import dataclass, field


@dataclass
class FileReport:
    """One input: `lines` = `kept` + `duplicates` + `rejected` + `not_storage`; `note` is for people."""

    file: str
    lines: int = 0
    kept: int = 0
    duplicates: int = 0
    rejected: int = 0
    not_storage: int = 0
    complete: bool = True
    note: str = ""
    # Why lines were rejected, with counts; the lines themselves are in `v_reject`.
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def adds_up(self) -> bool:
        return self.lines == self.kept + self.duplicates + self.rejected + self.not_storage


@dataclass
class IngestReport:
    """All inputs of one run, in the order they were given."""

    files: list[FileReport] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every input could be read to its end."""
        return all(file.complete for file in self.files)

    def total(self, count: str) -> int:
        """Sum of one count over all files: lines, kept, duplicates, rejected or not_storage."""
        return sum(getattr(file, count) for file in self.files)
