"""No file holds a scan up or breaks it, and what was given up is told; each of these once did one of the two."""

import json
from pathlib import Path

import pytest

from analysis.references.model import operations
from analysis.references.scan import scan_checkout

KNOWN = 'import pandas as pd\npd.read_csv("gs://lake/known.csv")\n'

HOSTILE = {
    "parentheses.py": "x = " + "(" * 150 + "1" + ")" * 150,
    "long_sum.py": "x = " + "+".join(['"a"'] * 20_000),
    "deep_lists.py": "x = " + "[" * 90 + "]" * 90,
    "nested.py": "\n".join("    " * depth + f"if a{depth}:" for depth in range(90)) + "\n" + "    " * 90 + "pass",
    "branches.py": "import os\np = 'gs://lake/'\n"
    + "if os.environ.get('A'):\n    p += 'a'\nelse:\n    p += 'b'\n" * 300,
    "loops.py": "L = list('abcdefghijklmnop')\n"
    + "".join("    " * depth + f"for v{depth} in L:\n" for depth in range(12))
    + "    " * 12
    + "print(v0)\n",
    "recursion.py": "def f(n):\n    return g(n) + g(n)\n\n\ndef g(n):\n    return f(n) + f(n)\n\n\nf(3)\n",
    "growth.py": "x = 'a' * 10**12\ny = [1]\nfor i in range(100):\n    y = y + y\nz = 'ab'\n" + "z = z + z\n" * 200,
    "itself.py": "import json\nd = {}\nd['d'] = d\nl = []\nl.append(l)\njson.dumps(l)\njson.dumps(d)\n",
    "classes.py": "class A0:\n    pass\n" + "".join(f"class A{n}(A{n - 1}):\n    pass\n" for n in range(1, 400)),
    "own_base.py": "class A:\n    def __init__(self):\n        self.a = A()\n\n\nA()\n",
    "quotes.sh": "gsutil cp " + "'" * 9_999 + '"$(' * 2_000 + "\n" + "<<EOF " * 2_000,
    "continued.sh": " " * 100_000 + "gsutil" + "\\\n" * 20_000,
    "braces.sql": "gs://" + "{{" * 6_000 + "select gs://a/" + "{" * 50_000,
    "words.sql": "select " + "copy " * 20_000 + " gs://a/b " + "create external table " * 10_000,
    "aliases.yaml": "b: gs://lake/x\na: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1 if n else str()}'] * 9)}]\n" for n in range(12)),
    "cells.ipynb": '{"cells": [{"cell_type": "code", "source": 5}, 7]}',
    "blocks.tf": 'resource "a" "b" {\n' * 2_000 + 'x = "gs://lake/x"\n' + "}\n" * 2_000,
    "templates.js": "x = `${" * 30_000 + "bucket.file(y).save(z)" + "}`" * 30_000,
    "functions.js": "".join(f"function f{n}(a) {{ return f{n + 1}(a) + f{n + 1}(a); }}\n" for n in range(60))
    + "function f60(a) { return storage.bucket(a).file(a).save(a); }\nf0('x');\n",
    "bundle.js": "var a=storage.bucket('lake').file('x');" * 20_000,
    "objects.ts": "const a = " + "{a: " * 3_000 + "1" + "}" * 3_000 + ";\nbucket.file(a.a.a).save(a);",
    "loops.sh": "X=1\n"
    + "".join(f"for v{n} in 1 2 3 4 5 6 7 8; do\n" for n in range(30))
    + "gsutil cp gs://a/"
    + "".join(f"$v{n}" for n in range(30))
    + " .\n"
    + "done\n" * 30,
    "calls.sh": "".join(f"f{n}() {{\n f{n + 1} $1 $1\n f{n + 1} $1\n}}\n" for n in range(60)) + "f0 gs://lake/x\n",
    "branches.sh": "".join(f'if [ $A = {n} ]; then\n  P="$P/{n}"\nfi\n' for n in range(300)) + "gsutil rm gs://a/$P\n",
    "calls.js": "a.bucket(" * 5_000 + ".file(" * 5_000,
    "calls.go": 'import "cloud.google.com/go/storage"\n'
    + "c.Bucket(" * 4_000
    + "x"
    + ").Object(y)" * 4_000
    + ".NewReader(ctx)\n",
    "callers.go": 'import "cloud.google.com/go/storage"\n'
    + "".join(
        f"func f{n}(a string) {{ f{n + 1}(a); f(a+a); c.Bucket(a).Object(f(a)).NewReader(ctx)\n" for n in range(900)
    ),
    "modules.tf": "".join(f'module "m{n}" {{\n  source = "./"\n  a = module.m{n}.a\n}}\n' for n in range(300))
    + 'output "a" {\n  value = var.a\n}\n',
    "inline_broken.sh": "python3 - <<EOF\n" + "def (:\n" * 3_000 + "EOF\n",
    "inline_endless.sh": "python3 -c \"while True: open('gs://lake/x')\"\n"
    "python3 - <<EOF\ndef f(x):\n    f(x + 'a')\n    f(x + 'b')\nf('gs://lake/')\nEOF\n",
    "inline_huge.sh": "python3 - <<EOF\n" + "x = 'gs://lake/' + x\n" * 40_000 + "EOF\n",
    "flow.yaml": "id: a\nnamespace: b\nvariables:\n"
    + "".join(f'  v{n}: "{{{{ vars.v{n + 1} }}}}{{{{ vars.v{n + 1} }}}}"\n' for n in range(200))
    + '  v200: "gs://lake/x"\ntasks: [{uri: "{{ vars.v0 }}"}]\n',
    "chain.java": "// gs://lake/x\n" + "storage.create(" + "a" + ".of(b)" * 6_000 + ", c);\n" + "/*" * 20_000,
    "strings.kt": "// gs://lake/x\n" + 'val a = "$a$b" + b\nval b = "$a" + a\n' * 2_000 + "storage.create(b, a)\n",
    "nul.py": "x = 'gs://lake/\0b'\n",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_scan_survives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(HOSTILE[name], encoding="utf-8")
    (tmp_path / "zz_known.py").write_text(KNOWN, encoding="utf-8")
    found = operations(scan_checkout(tmp_path, env="prod").references)
    assert ("zz_known.py", "known.csv") in [(reference.file, reference.prefix) for reference in found]


def test_what_is_given_up_is_told(tmp_path: Path) -> None:
    fan = "".join(f"def f{n}(x):\n    return f{n + 1}(x + 'a') + f{n + 1}(x + 'b')\n" for n in range(22))
    (tmp_path / "fan.py").write_text(fan + "def f22(x):\n    return x\n\n\nf0('gs://lake/')\n", encoding="utf-8")
    (tmp_path / "broken.py").write_text("bucket = (:\n", encoding="utf-8")
    (tmp_path / "unknown.py").write_text(
        "def f(client, name):\n    client.bucket(name).blob(name).delete()\n", encoding="utf-8"
    )
    (tmp_path / "big.sql").write_text("-- gs://lake/x\n" * 150_000, encoding="utf-8")
    (tmp_path / "notes.ipynb").write_text(
        json.dumps({"cells": [{"cell_type": "code", "source": "x ="}]}), encoding="utf-8"
    )
    result = scan_checkout(tmp_path)
    given_up = {(one.file, one.reason.partition(":")[0].partition(",")[0]) for one in result.given_up}
    assert ("unknown.py", "*", "*", "delete") in [(r.file, r.bucket, r.prefix, r.role) for r in result.references]
    assert given_up == {
        ("fan.py", "too much work"),
        ("broken.py", "cannot be parsed"),
        ("notes.ipynb", "cannot be parsed"),
        ("big.sql", "larger than 2 MB"),
    }


def test_links_in_a_circle_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "known.py").write_text(KNOWN, encoding="utf-8")
    assert [one.file for one in scan_checkout(tmp_path).references] == ["a/known.py"]


def test_scanned_code_is_never_run(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    code = tmp_path / "code"
    code.mkdir()
    (code / "setup.py").write_text(
        f"open({str(marker)!r}, 'w').close()\nimport os\nos.system('touch {marker}')\n", encoding="utf-8"
    )
    (code / "conf.yaml").write_text(
        f"a: !!python/object/apply:os.system ['touch {marker}']\nb: gs://lake/x\n", encoding="utf-8"
    )
    (code / "main.py").write_text("import setup, yaml\nyaml.safe_load(open('conf.yaml'))\n", encoding="utf-8")
    scan_checkout(code)
    assert not marker.exists()


TABLES = ", ".join(f'"t{number}": "set_{number:02}"' for number in range(30))
MANY = [
    ("TABLES[name]", "pick = TABLES[sys.argv[1]]"),
    ("a chain of branches", "\n".join(f"if sys.argv[1] == 'x{n}':\n    pick = 'set_{n:02}'" for n in range(30))),
]


@pytest.mark.parametrize(("what", "choice"), MANY, ids=[what for what, _ in MANY])
def test_alternatives_beyond_the_limit_are_told_as_unknown(tmp_path: Path, what: str, choice: str) -> None:
    source = f'import sys\nimport pandas\nTABLES = {{{TABLES}}}\npick = "none"\n{choice}\n'
    source += 'pandas.read_csv(f"gs://lake/sets/{pick}/all.csv")\n'
    (tmp_path / "job.py").write_text(source, encoding="utf-8")
    result = scan_checkout(tmp_path, bucket="lake")
    prefixes = {reference.prefix for reference in result.references}
    assert "sets/*/all.csv" in prefixes
    assert len(prefixes) == 16
    line = source.count("\n")
    assert [(one.file, one.line) for one in result.given_up if "alternatives" in one.reason] == [("job.py", line)]


def test_turns_of_a_loop_beyond_the_limit_are_given_up_aloud(tmp_path: Path) -> None:
    names = ", ".join(f'"{number}"' for number in range(300))
    source = f'import pandas\nfor name in [{names}]:\n    pandas.read_csv(f"gs://lake/{{name}}.csv")\n'
    (tmp_path / "job.py").write_text(source, encoding="utf-8")
    result = scan_checkout(tmp_path)
    assert [(one.line, one.reason) for one in result.given_up] == [(2, "a loop over 300 values, followed for 200")]


def test_huge_and_bundled_scripts_are_told(tmp_path: Path) -> None:
    with (tmp_path / "huge.min.js").open("wb") as handle:
        handle.truncate(50_000_000)
    (tmp_path / "bundle.js").write_text("var a=storage.bucket('lake').file('x');" * 2_000, encoding="utf-8")
    assert {(one.file, one.reason) for one in scan_checkout(tmp_path).given_up} == {
        ("huge.min.js", "larger than 2 MB, not read"),
        ("bundle.js", "written by a bundler, not followed"),
    }
