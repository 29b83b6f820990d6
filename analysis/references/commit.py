"""The commit that a checkout stands on, read from its .git folder."""

from pathlib import Path


def commit_of(checkout: Path) -> str:
    """The commit's hash; empty where the folder lies in no git repository."""
    for folder in (checkout.resolve(), *checkout.resolve().parents):
        git = folder / ".git"
        if git.is_file():  # a worktree: the file names the folder
            git = (folder / git.read_text(encoding="utf-8").partition("gitdir:")[2].strip()).resolve()
        if (git / "HEAD").is_file():
            return _head(git)
    return ""


def _head(git: Path) -> str:
    head = (git / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref:"):
        return head
    name = head.partition(":")[2].strip()
    shared = git / "commondir"
    stores = [git, (git / shared.read_text(encoding="utf-8").strip()).resolve()] if shared.is_file() else [git]
    for store in stores:
        if (store / name).is_file():
            return (store / name).read_text(encoding="utf-8").strip()
        packed = store / "packed-refs"
        if packed.is_file():
            for line in packed.read_text(encoding="utf-8").splitlines():
                if line.endswith(f" {name}"):
                    return line.partition(" ")[0]
    return ""
