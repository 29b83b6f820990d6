"""Target buckets: create or adopt, grants, lifecycle; and what takes each of them back.

A bucket name is shared by the whole world, so a name that is taken is never assumed to be ours.
"""

import asyncio
from typing import Any

from executor.errors import BucketRefused, Conflict, Forbidden, NotFound, PreconditionFailed
from executor.steps import LABEL, EnsureBucket
from executor.storage import Storage

POLICY_ATTEMPTS = 6
EVERYBODY = ("allUsers", "allAuthenticatedUsers")


async def ensure_bucket(
    storage: Storage, step: EnsureBucket, project: str | None, source_bucket: str
) -> dict[str, Any]:
    """Create the bucket, or adopt it; returns {"created": bool, "metageneration": str} for the journal."""
    found = await _look(storage, step.name)
    if found is None:
        source = await storage.get_bucket(source_bucket) or {}
        try:
            made, _ = await storage.insert_bucket(project or str(source.get("projectNumber", "")), step.resource)
            return {"created": True, "metageneration": made.get("metageneration")}
        except Conflict:
            # Our own first attempt may have made it, or somebody was faster: the rules of adoption decide.
            found = await _look(storage, step.name)
            if found is None:
                raise BucketRefused(f"the bucket name {step.name} is taken", "choose another target_bucket") from None
    problems = await adoption_problems(storage, step, found, source_bucket)
    if problems:
        raise BucketRefused(
            f"the bucket {step.name} exists and cannot be used ({'; '.join(problems)})", _advice(step, problems)
        )
    return {"created": False, "metageneration": found.get("metageneration")}


async def adoption_problems(
    storage: Storage, step: EnsureBucket, found: dict[str, Any], source_bucket: str
) -> list[str]:
    """Why an existing bucket may not become the target; empty when it is ours and as planned."""
    problems = []
    source = await storage.get_bucket(source_bucket)
    if source is not None and source.get("projectNumber") != found.get("projectNumber"):
        problems.append("it belongs to another project")
    if (found.get("labels") or {}).get(LABEL[0]) != LABEL[1]:
        problems.append(f"it does not carry the label {LABEL[0]}={LABEL[1]}")
    planned = step.resource.get("location")
    if planned and str(found.get("location", "")).casefold() != str(planned).casefold():
        problems.append(f"it is in {found.get('location')}, planned was {planned}")
    if found.get("retentionPolicy"):
        problems.append("it has a retention policy, which would make copies irrevocable")
    if found.get("defaultEventBasedHold"):
        problems.append("it puts a hold on every new object")
    if bool((found.get("autoclass") or {}).get("enabled")) != step.autoclass:
        problems.append("Autoclass is not as planned: it would ignore the storage class")
    if (found.get("billing") or {}).get("requesterPays"):
        problems.append("requester pays is on")
    problems += [f"its lifecycle {sentence}" for sentence in deleting_rules(found, step.rules, step.prefixes)]
    return problems + await _openings(storage, step, found)


def deleting_rules(found: dict[str, Any], planned: tuple[dict[str, Any], ...], prefixes: tuple[str, ...]) -> list[str]:
    """A sentence for each lifecycle rule of a bucket that deletes below these prefixes and was not planned."""
    return [
        f"rule {rule} would delete copies, and the plan does not have it"
        for rule in (found.get("lifecycle") or {}).get("rule", ())
        if _would_delete(rule, prefixes) and rule not in planned
    ]


def _would_delete(rule: dict[str, Any], prefixes: tuple[str, ...]) -> bool:
    """Whether a lifecycle rule deletes live objects under one of these prefixes, now or later."""
    condition = rule.get("condition") or {}
    if (rule.get("action") or {}).get("type") != "Delete" or condition.get("isLive") is False:
        return False
    if any(key in condition for key in ("numNewerVersions", "daysSinceNoncurrentTime", "noncurrentTimeBefore")):
        return False
    only = condition.get("matchesPrefix") or [""]
    return any(ours.startswith(its) or its.startswith(ours) for ours in prefixes for its in only)


async def _openings(storage: Storage, step: EnsureBucket, found: dict[str, Any]) -> list[str]:
    """How others than the plan's own grants might get in: what is moved must not become public by being moved."""
    access = found.get("iamConfiguration") or {}
    if access.get("publicAccessPrevention") == "enforced":
        return []
    openings = []
    wanted = step.resource.get("iamConfiguration", {}).get("uniformBucketLevelAccess", {}).get("enabled")
    if wanted and not (access.get("uniformBucketLevelAccess") or {}).get("enabled"):
        openings.append("its objects have access lists of their own, and the plan wants uniform access")
    policy = await storage.get_policy(step.name)
    public = {
        (str(binding.get("role")), str(member))
        for binding in policy.get("bindings", ())
        for member in binding.get("members", ())
        if member in EVERYBODY
    }
    openings += [f"{member} has {role}" for role, member in sorted(public - set(step.grants))]
    return openings


def _advice(step: EnsureBucket, problems: list[str]) -> str:
    if len(problems) == 1 and "label" in problems[0]:
        return f"to hand it over: gcloud storage buckets update gs://{step.name} --update-labels={LABEL[0]}={LABEL[1]}"
    return "choose another target_bucket, or change the bucket"


async def _look(storage: Storage, bucket: str) -> dict[str, Any] | None:
    try:
        return await storage.get_bucket(bucket)
    except Forbidden as error:
        raise BucketRefused(
            f"the bucket {bucket} cannot be looked at ({error.message})",
            error.hint or "it may belong to somebody else: choose another target_bucket",
        ) from None


async def grant(storage: Storage, bucket: str, grants: tuple[tuple[str, str], ...]) -> list[list[str]]:
    """Add what is missing; returns the (role, member) pairs that were added. Its etag makes it safe against others."""
    for attempt in range(POLICY_ATTEMPTS):
        policy = await storage.get_policy(bucket)
        missing = missing_grants(policy, grants)
        if not missing:
            return []
        try:
            await storage.set_policy(bucket, with_grants(policy, missing))
            return [list(pair) for pair in missing]
        except (PreconditionFailed, Conflict):
            await asyncio.sleep(storage.transport.retries.wait(attempt))
    raise Conflict(409, "conflict", f"the policy of {bucket} keeps changing", "run the command again")


def missing_grants(policy: dict[str, Any], grants: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """The grants that no unconditional binding of the policy holds."""
    held = {
        (binding.get("role"), member)
        for binding in policy.get("bindings", ())
        if not binding.get("condition")
        for member in binding.get("members", ())
    }
    return [pair for pair in grants if pair not in held]


def with_grants(policy: dict[str, Any], grants: list[tuple[str, str]]) -> dict[str, Any]:
    """The policy with the grants added to its unconditional bindings."""
    bindings = [dict(binding) for binding in policy.get("bindings", ())]
    for role, member in grants:
        for binding in bindings:
            if binding.get("role") == role and not binding.get("condition"):
                binding["members"] = [*binding.get("members", ()), member]
                break
        else:
            bindings.append({"role": role, "members": [member]})
    return {**policy, "bindings": bindings}


async def revoke(storage: Storage, bucket: str, grants: list[list[str]]) -> None:
    """Remove (role, member) pairs from unconditional bindings; what is gone already stays gone."""
    unwanted = {(role, member) for role, member in grants}
    for attempt in range(POLICY_ATTEMPTS):
        policy = await storage.get_policy(bucket)
        bindings = []
        for binding in policy.get("bindings", ()):
            members = [
                member
                for member in binding.get("members", ())
                if binding.get("condition") or (binding.get("role"), member) not in unwanted
            ]
            if members:
                bindings.append({**binding, "members": members})
        if bindings == policy.get("bindings", []):
            return
        try:
            await storage.set_policy(bucket, {**policy, "bindings": bindings})
            return
        except (PreconditionFailed, Conflict):
            await asyncio.sleep(storage.transport.retries.wait(attempt))
    raise Conflict(409, "conflict", f"the policy of {bucket} keeps changing", "run the command again")


def refuse_reckless_rules(rules: tuple[dict[str, Any], ...]) -> None:
    """A rule without a condition, or with an age of zero, acts on every object at once."""
    for rule in rules:
        condition = {key: value for key, value in (rule.get("condition") or {}).items() if value not in (None, [], "")}
        narrowing = set(condition) - {"matchesPrefix", "matchesSuffix", "matchesStorageClass", "isLive"}
        deletes = (rule.get("action") or {}).get("type") == "Delete"
        if not condition or (deletes and (not narrowing or condition.get("age") == 0)):
            raise BucketRefused(
                f"the lifecycle rule {rule} would act on every object at once", "give it a condition with an age"
            )


async def add_rules(storage: Storage, bucket: str, rules: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Add the lifecycle rules that the bucket does not have; returns the ones that were added."""
    refuse_reckless_rules(rules)
    return await _change_rules(storage, bucket, add=rules)


async def remove_rules(storage: Storage, bucket: str, rules: tuple[dict[str, Any], ...]) -> None:
    """Remove exactly these lifecycle rules."""
    await _change_rules(storage, bucket, remove=rules)


async def _change_rules(
    storage: Storage, bucket: str, *, add: tuple[dict[str, Any], ...] = (), remove: tuple[dict[str, Any], ...] = ()
) -> list[dict[str, Any]]:
    for attempt in range(POLICY_ATTEMPTS):
        found = await storage.get_bucket(bucket)
        if found is None:
            raise NotFound(404, "notFound", f"the bucket {bucket} does not exist", "run `thermocline execute` again")
        present = list((found.get("lifecycle") or {}).get("rule", ()))
        missing = [rule for rule in add if rule not in present]
        wanted = [rule for rule in present if rule not in remove] + missing
        if wanted == present:
            return []
        try:
            await storage.patch_bucket(
                bucket, {"lifecycle": {"rule": wanted}}, metageneration=found.get("metageneration")
            )
            return missing
        except PreconditionFailed:
            await asyncio.sleep(storage.transport.retries.wait(attempt))
    raise Conflict(409, "conflict", f"the bucket {bucket} keeps changing", "run the command again")
