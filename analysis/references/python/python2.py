"""Files that this Python cannot parse: those of Python 2, and those in which something is not finished.

Every line keeps its number. The forms that Python 3 dropped are written as it has them; what then still cannot be
parsed is left out, statement by statement.
"""

import ast
import re
from collections.abc import Sequence

MAXIMUM_MENDED = 60  # lines of one file that the parser complains of, each costs a look at the whole
MAXIMUM_LEFT_OUT = 12  # statements of one file
MAXIMUM_CHARACTERS = 400_000
MAXIMUM_LINE = 1_000

_STATEMENTS = (
    (re.compile(r"^([ \t]*)print[ \t]*>>[ \t]*([\w.]+)[ \t]*,([^\\]*[^\\,])$"), r"\1print(\3, file=\2)"),
    (re.compile(r"^([ \t]*(?:\w[^#'\"]*:[ \t]+)?)print[ \t]+(?![=(.\[])([^\\]+)$"), r"\1print(\2)"),
    (re.compile(r"^([ \t]*)print[ \t]*$"), r"\1print()"),
    (re.compile(r"^([ \t]*except[ \t][^:]+?),[ \t]*(\w+)[ \t]*:"), r"\1 as \2:"),
    (re.compile(r"^([ \t]*raise[ \t]+[\w.]+)[ \t]*,([^\\]+)$"), r"\1(\2)"),
    (re.compile(r"^([ \t]*)exec[ \t]+([^(=\\][^\\]*)$"), r"\1exec(\2)"),
)
# Only where the parser complains: these may stand in a string, and a path with `/01/` must stay as it is.
_TOKENS = (
    (re.compile(r"<>"), "!="),
    (re.compile(r"\b(0[xX][0-9a-fA-F]+|\d+)[lL]\b"), r"\1"),
    (re.compile(r"(?<![\w./-])0(\d+)\b(?![./-])"), r"0o\1"),
    (re.compile(r"\b[uU][rR](?=['\"])"), "r"),
    (re.compile(r"`([^`]+)`"), r"repr(\1)"),
)


def parse(content: str) -> tuple[ast.Module | None, list[int]]:
    """What can be read of a file, and the lines on which it cannot; None where nothing can."""
    if len(content) > MAXIMUM_CHARACTERS:
        return None, []
    lines = [_mended(line, _STATEMENTS) for line in content.split("\n")]
    mended, left_out = set[int](), list[int]()
    while True:
        try:
            return ast.parse("\n".join(lines)), left_out
        except TabError:
            lines = [line.expandtabs(8) for line in lines]
        except SyntaxError as error:
            number = min(error.lineno or 1, len(lines))
            if number not in mended and len(mended) < MAXIMUM_MENDED:
                mended.add(number)
                before = lines[number - 1]
                lines[number - 1] = _mended(before, _TOKENS)
                if lines[number - 1] != before:
                    continue
            if len(left_out) >= MAXIMUM_LEFT_OUT or number in left_out:
                return None, left_out
            left_out.append(number)
            lines[number - 1] = _left_out(lines[number - 1])


def _mended(line: str, forms: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, written in forms if len(line) <= MAXIMUM_LINE else ():
        line = pattern.sub(written, line)
    return line


def _left_out(line: str) -> str:
    """A line that does nothing in the place of another, with room for a block where that one has a block below it."""
    indent = line[: len(line) - len(line.lstrip())]
    return indent + ("if True:" if line.rstrip().endswith(":") else "pass")
