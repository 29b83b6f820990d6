"""What else breaks when a folder moves, as far as evidence, code or the bucket itself (where it was asked) show it."""

from analysis.model import CodeSite, Subfolder
from planner.bucket_facts import BucketFacts
from planner.plan import Migration

# What a reference's way or file says about the thing that would break, and what to do.
BY_VIA = (
    (("udf", "library"), "functions load a library by its gs:// path", "create the functions again with the new path"),
    (("external", "biglake"), "external tables name the folder", "change their source URIs"),
    (("export data", "extract", "load"), "BigQuery jobs load from or export to the folder", "change their URIs"),
    (
        ("notification", "eventarc", "trigger"),
        "notifications or triggers watch the folder",
        "create them on the new bucket",
    ),
    (("transfer",), "a transfer job names the folder", "change or recreate the job"),
    (("fuse", "mount"), "the bucket is mounted as a file system", "change the mount"),
    (("signed",), "signed URLs point at the folder", "sign them again for the new bucket"),
)
BY_SUFFIX = (
    ((".tf", ".tf.json", ".hcl"), "Terraform names the folder", "change it in the same pull request, or plan drifts"),
    ((".sql",), "SQL names the folder", "change it together with the copy"),
)


def breakages(subfolder: Subfolder, migration: Migration, facts: BucketFacts | None) -> tuple[str, ...]:
    """One sentence each, with what to do. That the bucket was not asked is a warning of the whole plan."""
    found = [line for site in subfolder.code if site.kind == "code" for line in _of_site(site)]
    if "bigquery-reader" in subfolder.flags:
        found.append(
            "BigQuery reads these objects: look for external tables and load jobs with "
            f"gs://{migration.source_bucket}/{migration.source_path}"
        )
    if "external-writer" in subfolder.flags or "external-reader" in subfolder.flags:
        found.append(
            "a system outside the team's projects uses it: agree on a date, and grant it access to the new bucket"
        )
    if facts is not None:
        found += facts.breaking(migration.source_prefix)
    return tuple(dict.fromkeys(found))


def _of_site(site: CodeSite) -> list[str]:
    via, file = site.via.lower(), site.file.lower()
    for words, what, remedy in BY_VIA:
        if any(word in via for word in words):
            return [f"{what} ({site.file}:{site.line}): {remedy}"]
    return [
        f"{what} ({site.file}:{site.line}): {remedy}" for suffixes, what, remedy in BY_SUFFIX if file.endswith(suffixes)
    ]
