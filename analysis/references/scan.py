"""A scan: every file of a checkout read, every way into its code followed, all references told.

for reference in scan(Path("checkout"), bucket="data-bucket-prod", env="prod"):
    print(reference.file, reference.line, reference.role, reference.prefix)
"""

import ast
import gc
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from analysis.errors import BadInput
from analysis.references import cache, findings
from analysis.references.checkout import open_checkout, script_root
from analysis.references.commit import commit_of
from analysis.references.ecmascript.touches import scan_scripts
from analysis.references.formats import clients, deployment, literals, terraform
from analysis.references.model import Reference, ScanResult, Site
from analysis.references.program import Program, Start
from analysis.references.python import comments, inline, second_look, statements
from analysis.references.python.attributes import class_member
from analysis.references.python.frames import Frame, Module
from analysis.references.python.machine import BudgetSpent, Machine, Process
from analysis.references.python.survey import survey
from analysis.references.python.values import Arguments, Function, Instance, Value
from analysis.references.sinks import load_sinks
from analysis.references.text import Text

# Syntax trees are many objects that stay: looking through them as often as Python does by itself takes a third longer.
ALLOCATIONS_BEFORE_COLLECTING = 50_000
STEPS_PER_ENTRY = 16_000
STEPS_PER_MODULE = 300_000
STEPS_BEFORE_HASTE = 900_000
STEPS_OF_SECOND_LOOKS = 200_000
SPENT_BEFORE_HALVING = 8
MAXIMUM_HALVINGS = 4
# Files without any of these words have nothing to explore beyond what others call in them.
_WORTH = re.compile(
    r"gs://|gcs|bucket|blob|storage|parquet|csv|read|write|load|save|export|dump|upload|download|gsutil|sync|copy|"
    r"uri|path|folder|open\(|delete|remove|BigQuery|\.py\b",
    re.IGNORECASE,
)


# What names cloud storage, a warehouse or a scheduler; other files nobody started get a share of the work.
_CLOUD = re.compile(
    r"gs://|gcs|bucket|blob|google\.|gsutil|fsspec|pyspark|apache_beam|airflow|bigquery|Operator\("
    r"|\.py[\"' ]|to_parquet\(",
    re.IGNORECASE,
)
SHARE_OF_OTHERS = 8


def scan(
    checkout: Path, *, bucket: str | None = None, env: str | None = None, settings: Mapping[str, Any] | None = None
) -> Iterator[Reference]:
    """References of a checkout, by file and line; see `scan_checkout` for what could not be followed."""
    yield from scan_checkout(checkout, bucket=bucket, env=env, settings=settings).references


def scan_checkout(
    checkout: Path,
    *,
    bucket: str | None = None,
    env: str | None = None,
    settings: Mapping[str, Any] | None = None,
    keep_in: Path | None = None,
) -> ScanResult:
    """Scan a directory. `settings` is the [references] table of thermocline.toml; `keep_in` a folder for what was
    found, from which an unchanged checkout is answered. Raises BadInput where `checkout` is no directory.
    """
    if not checkout.is_dir():
        raise BadInput(f"no checkout at {checkout}", "give the folder that holds the code")
    sources = open_checkout(checkout)
    key = cache.key_of(sources, env, settings) if keep_in else ""
    if keep_in and (kept := cache.read(keep_in, checkout, env, key)) is not None:
        return replace(kept, commit=commit_of(checkout), cached=True).concerning(bucket)
    result = replace(scan_program(Program(sources, load_sinks(settings), env)), commit=commit_of(checkout))
    if keep_in:
        cache.write(keep_in, checkout, env, key, result)
    return result.concerning(bucket)


def scan_program(program: Program) -> ScanResult:
    """Scan what a program holds; its `traces` are filled where it traces."""
    program.deployed = deployment.variables(program.checkout, program.env)
    program.installed = deployment.installed_scripts(program.checkout)
    limit, often = sys.getrecursionlimit(), gc.get_threshold()
    sys.setrecursionlimit(max(limit, 20_000))
    gc.set_threshold(ALLOCATIONS_BEFORE_COLLECTING, *often[1:])
    try:
        _run(program)
    finally:
        sys.setrecursionlimit(limit)
        gc.set_threshold(*often)
        gc.unfreeze()
    for path in program.checkout.too_large:
        program.give_up(path, 1, "larger than 2 MB, not read")
    found = tuple(findings.findings(program))
    return ScanResult(tuple(program.references()), tuple(program.given_up), len(program.checkout.files), findings=found)


def _run(program: Program) -> None:
    """Entries in the order in which they learn most: what starts scripts, the scripts, then what nothing started."""
    written = [file.path for file in program.checkout.of("python", "notebook")]
    sources = [path for path in written if not program.checkout.is_test(path)]
    shared: dict[str, Machine] = {}
    for file in program.checkout.of("docker", "yaml", "json", "config"):
        literals.scan_file(program, file)
    terraform.scan_terraform(program)
    schedulers = [path for path in sources if _schedules(program, path)]
    for path in schedulers:
        root = script_root(path)
        machine = shared.setdefault(root, Machine(program, root, Process()))
        _enter(machine, path, "__dag__")
    _starts(program)
    for file in program.checkout.of("shell", "makefile", "windows", "jenkins"):
        literals.scan_file(program, file)
    _starts(program)
    for path in sources:
        if path not in schedulers and _is_script(program, path) and path not in program.started:
            _enter(_own(program, Start(path, None, {}, "", None)), path, "__main__")
            _starts(program)
    for path in sources:
        if path not in program.executed and _worth(program, path):
            root = script_root(path)
            _enter(
                shared.setdefault(root, Machine(program, root, Process())),
                path,
                path.rpartition("/")[2].removesuffix(".py"),
                _usual(program, path, STEPS_PER_MODULE),
            )
    worthy = [path for path in sources if _worth(program, path)]
    _look_again(program, worthy)
    _explore(program, worthy, shared)
    _look_again(program, worthy)
    _starts(program)
    scan_scripts(program)
    clients.scan_clients(program)
    for file in program.checkout.of("sql", "script", "nextflow", "document"):
        literals.scan_file(program, file)
    _what_is_left(program, written)


def _what_is_left(program: Program, paths: list[str]) -> None:
    """Comments, strings of tests, and addresses that nothing followed."""
    for path in paths:
        comments.scan_comments(program, path)
        if program.checkout.is_test(path):
            comments.scan_strings(program, path)
    told = program.told_lines()
    for path in paths:
        if not program.checkout.is_test(path):
            comments.scan_addresses(program, path, told.get(path, ()))


def _schedules(program: Program, path: str) -> bool:
    text = program.checkout.text(path)
    return (
        ("airflow" in text or "/dags/" in f"/{path}") and not program.checkout.is_test(path) and "__main__" not in text
    )


def _is_script(program: Program, path: str) -> bool:
    text = program.checkout.text(path)
    return (
        "__main__" in text
        or ".automain" in text
        or path.endswith(("main.py", "app.py", ".ipynb"))
        or "parse_args(" in text
    )


def _worth(program: Program, path: str) -> bool:
    text = program.checkout.text(path)
    return bool(_WORTH.search(text)) or any(word in text for word in program.sinks.added)


def _usual(program: Program, path: str, steps: int) -> int:
    """The allowance of an entry that nothing started."""
    return steps if _names_cloud(program, path) else steps // SHARE_OF_OTHERS


def _names_cloud(program: Program, path: str) -> bool:
    if path not in program.clouded:
        text = program.checkout.text(path)
        program.clouded[path] = bool(_CLOUD.search(text)) or any(word in text for word in program.sinks.added)
    return program.clouded[path]


def _starts(program: Program) -> None:
    """Scripts started by commands, and what these start in turn."""
    done = 0
    while program.starts and done < 5000:
        start = program.starts.popleft()
        done += 1
        if start.source is not None:
            _run_inline(program, start, start.source)
            continue
        source = program.checkout.files.get(start.file)
        if source is not None and source.language == "shell":
            literals.run_shell(program, start)
            continue
        machine = _own(program, start)
        _enter(machine, start.file, "__main__" if not start.function else "__script__")
        if start.function and start.file in machine.modules:
            _call_entry(machine, machine.modules[start.file], start.function)


def _run_inline(program: Program, start: Start, source: Text) -> None:
    """Execute the Python of a command as a script of its own."""
    tree = inline.parse(program, source, start.file)
    if tree is not None:
        machine = _own(program, start)
        module = Module(start.file, tree, "__main__")
        work = partial(statements.execute, machine, tree.body, Frame(module, module.names))
        _worked(machine, start.site or Site(start.file, 1), STEPS_PER_MODULE, work)


def _call_entry(machine: Machine, module: Module, name: str) -> None:
    """Call the function that an installed script stands for."""
    function = module.names.get(name)
    frame = Frame(module, module.names)
    site = Site(module.file, 1)
    if function is not None:
        work = partial(machine.call, function, Arguments([], {}, site), frame, None)
        _worked(machine, site, STEPS_PER_MODULE, work)


def _own(program: Program, start: Start) -> Machine:
    words = list(start.words) if start.words is not None else None
    process = Process(words, dict(start.environment))
    return Machine(program, script_root(start.file), process, start.workload)


def _worked(machine: Machine, what: Site, usual: int, work: Callable[[], object]) -> None:
    """Do one entry's work within its allowance; what is left when that is used up is reported.

    The allowance shrinks once much was done, and for each handful of entries of the same root that took all they
    could: a library is full of functions that no allowance suffices for, so that no number of them can hold a scan.
    """
    program = machine.program
    given = usual if program.steps_taken < STEPS_BEFORE_HASTE else usual // 8
    given >>= min(program.spent[machine.root] // SPENT_BEFORE_HALVING, MAXIMUM_HALVINGS)
    machine.steps_left = given
    try:
        work()
    except BudgetSpent as spent:
        program.spent[machine.root] += 1
        program.give_up(what.file, what.line, f"too much work, stopped at {spent}")
    except RecursionError:
        program.give_up(what.file, what.line, "nested too deeply")
    program.steps_taken += given - max(machine.steps_left, 0)


def _enter(machine: Machine, path: str, name: str, usual: int = STEPS_PER_MODULE) -> None:
    """Execute one module as a way in."""
    machine.program.entered[path] = machine
    _worked(machine, Site(path, 1), usual, lambda: machine.module(path, name))
    machine.program.executed.add(path)


# Turns of the exploration: functions make the objects whose methods come next, both before what they call.
_FUNCTIONS, _METHODS, _ALL = range(3)


def _explore(program: Program, paths: list[str], shared: dict[str, Machine]) -> None:
    """Functions that nothing called: with holes for their parameters, callers before the called."""
    called = {path: survey(program, path).called for path in paths if program.tree(path) is not None}
    gc.freeze()  # all trees are there now, and stay until the end
    everywhere = {name for names in called.values() for name in names}
    for turn in (_FUNCTIONS, _METHODS, _ALL):
        if turn == _ALL:
            _look_again(program, paths)
        for path in paths:
            root = script_root(path)
            shared_machine = shared.setdefault(root, Machine(program, root, Process()))
            machine = shared_machine if path in shared_machine.modules else program.entered.get(path, shared_machine)
            if path not in machine.modules:
                name = path.rpartition("/")[2].removesuffix(".py")
                _enter(machine, path, name, _usual(program, path, STEPS_PER_MODULE))
            module = machine.modules.get(path)
            if module is None:
                continue
            used = everywhere if turn != _ALL else set()
            for function in list(module.functions):
                if (turn == _FUNCTIONS and function.owner is not None) or not _worth_exploring(program, function):
                    continue
                if (
                    (path, function.node.lineno) not in program.called
                    and function.name not in used
                    and not isinstance(function.node, ast.Lambda)
                ):
                    _explore_function(machine, function)


def _look_again(program: Program, paths: list[str]) -> None:
    """Execute functions once more in which conditions that were decided hide code; see second_look.py."""
    named = [path for path in paths if _names_cloud(program, path)]
    hidden = {path: lines for path in named if (lines := second_look.missed(program, path))}
    program.only = second_look.not_executed(program, named) if hidden else None
    until = program.steps_taken + STEPS_OF_SECOND_LOOKS
    for path, lines in hidden.items():
        for line in lines:
            for call in program.calls.get((path, line), ()):
                if program.steps_taken < until:
                    _worked(call.machine, call.site, STEPS_PER_ENTRY, call.again)
    program.only = None


def _worth_exploring(program: Program, function: Function) -> bool:
    """Whether the function's own lines hold a word of what touches storage, or it is a way into a file that does."""
    start, end = function.node.lineno - 1, function.node.end_lineno or function.node.lineno
    key = (function.module.file, start, end)
    named = program.worthy.get(key)
    if named is None:
        text = "\n".join(program.lines(function.module.file)[start:end])
        named = program.worthy[key] = bool(_WORTH.search(text)) or any(word in text for word in program.sinks.added)
    return named or (bool(function.decorators) and _names_cloud(program, function.module.file))


def _explore_function(machine: Machine, function: Function) -> None:
    frame = Frame(function.module, function.module.names)
    site = frame.site(function.node)
    usual = _usual(machine.program, function.module.file, STEPS_PER_ENTRY)
    if function.owner is None:
        _worked(machine, site, usual, lambda: machine.invoke(function, [], {}, frame, None))
        return
    owner = function.owner
    made = machine.program.made.setdefault((owner.module.file, owner.node.lineno), [])
    if not made:
        _worked(machine, site, usual, lambda: machine.instantiate(owner, Arguments([], {}, site), frame))
        if tuple(site) in machine.program.called:
            return
    for maker, instance in list(made):
        own = class_member(instance.cls, function.name)
        if isinstance(own, Function):
            _worked(maker, site, usual, partial(_call_method, maker, own, instance))


def _call_method(machine: Machine, method: Function, instance: Instance) -> None:
    """Call a method that nobody called on an object that somebody made."""
    positional: list[Value] = [] if "staticmethod" in machine.decorator_names(method) else [instance]
    machine.invoke(method, positional, {}, Frame(method.module, method.module.names), None)
