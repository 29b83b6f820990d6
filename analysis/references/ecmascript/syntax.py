"""Reads a file of JavaScript or TypeScript: its expressions, and where names are declared.

Statements are not parsed: declarations, assignments, functions and calls are found by how they begin. Types are
skipped. What is not understood is an `other` node, whose value nobody knows.
"""

from bisect import bisect_right

from analysis.references.ecmascript.nodes import Binding, Function, Node, Pattern, Source
from analysis.references.ecmascript.tokens import Token, tokens

_UNARY = frozenset(("await", "new", "!", "typeof", "yield", "void", "-", "+", "~", "...", "delete"))
_CHOICES = frozenset(("||", "??", "&&"))
_OTHER_OPERATORS = frozenset(
    ("-", "*", "/", "%", "<", ">", "<=", ">=", "==", "===", "!=", "!==", "&", "|", "^", "in", "instanceof")
)
_NOT_CALLED = frozenset(
    ("if", "for", "while", "switch", "catch", "return", "function", "typeof", "await", "new", "else", "do", "of", "in")
)
_KEYWORDS = frozenset(
    ("return", "const", "let", "var", "case", "else", "export", "default", "import", "from", "throw", "async", "yield")
)
MAXIMUM_DEPTH = 60


def read(path: str, text: str) -> Source:
    """Read one file."""
    return _Reader(path, tokens(text)).read()


class _Reader:
    def __init__(self, path: str, found: list[Token]) -> None:
        self.tokens = found
        self.source = Source(path)
        self.known: dict[int, tuple[Node, int]] = {}
        self.made: dict[tuple[int, int], Function] = {}
        self.depth = 0
        self.closing = self._matched()
        self.blocks = sorted(
            (start, end) for start, end in self.closing.items() if self.tokens[start].text == "{"
        )  # by token

    def _matched(self) -> dict[int, int]:
        """The closing token of every opening one."""
        result: dict[int, int] = {}
        stack: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.kind != "mark":
                continue
            if token.text in "([{":
                stack.append(index)
            elif token.text in ")]}" and stack:
                result[stack.pop()] = index
        return result

    def text(self, index: int) -> str:
        return self.tokens[index].text if 0 <= index < len(self.tokens) and self.tokens[index].kind != "string" else ""

    def offset(self, index: int) -> int:
        if index < len(self.tokens):
            return self.tokens[index].start
        return self.tokens[-1].end if self.tokens else 0

    # ---- statements

    def read(self) -> Source:
        for index, token in enumerate(self.tokens):
            if token.kind in ("template", "string"):
                self._string(index)
            if token.kind not in ("name", "template", "string") and token.text not in "([":
                continue
            if token.kind == "name":
                self._statement(index)
            if self.text(index - 1) not in (".", "?.", "function") and self._begins_chain(index):
                self._chain(self.expression(index, spine=True)[0])
        return self.source

    def _begins_chain(self, index: int) -> bool:
        """Whether a token begins an expression that is no declaration of a method and no mere keyword."""
        word = self.text(index)
        close = self.closing.get(index + 1) if self.text(index + 1) == "(" else None
        declares = close is not None and (index + 1, self._past_type(close + 1)) in self.made
        return not declares and word not in _UNARY and word not in _KEYWORDS

    def _chain(self, node: Node | None) -> None:
        """Collect the calls of a chain `a.b(c).d(e)`; what stands inside the arguments is met on its own."""
        while node is not None and node.kind in ("call", "member", "index"):
            if node.kind == "call":
                self.source.calls.append(node)
            node = node.owner

    def _string(self, index: int) -> None:
        key = ""
        if self.text(index - 1) in (":", "=") and index >= 2:
            key = self.tokens[index - 2].text.strip("'\"")
        elif self.text(index - 1) == "[" and self.text(index - 2) == ":" and index >= 3:
            key = self.tokens[index - 3].text.strip("'\"")
        elif self.text(index - 1) == "(" and index >= 2:
            key = self.tokens[index - 2].text + "("
        self.source.strings.append((self.expression(index, spine=True)[0], key))

    def _statement(self, index: int) -> None:
        word = self.text(index)
        before = self.text(index - 1)
        if word in ("const", "let", "var") or (word == "using" and self.tokens[index + 1 : index + 2]):
            self._declaration(index + 1)
        elif word == "function":
            self._function_statement(index)
        elif word == "return":
            if index + 1 < len(self.tokens) and self.text(index + 1) not in (";", "}"):
                self.source.returns.append((self.offset(index), self.expression(index + 1)[0]))
        elif word == "import":
            self._import(index)
        elif word == "export" and self.text(index + 1) == "default":
            self.source.exports["default"] = self.expression(index + 2)[0]
        elif self.text(index + 1) == "(" and before not in (".", "?.", "new") and word not in _NOT_CALLED:
            self._method(index)
        else:
            self._assignment(index)

    def _block(self, index: int) -> tuple[int, int]:
        """Offsets of the innermost block around a token."""
        place = bisect_right(self.blocks, (index, len(self.tokens))) - 1
        steps = 0
        while place >= 0 and steps < 400:
            start, end = self.blocks[place]
            if start < index < end:
                return self.offset(start), self.offset(end)
            place -= 1
            steps += 1
        return 0, self.tokens[-1].end + 1

    def _declaration(self, index: int) -> None:
        while index < len(self.tokens):
            pattern, after = self._pattern(index)
            after = self._past_type(after)
            block = self._block(index)
            looped = self.text(after) == "of"
            if looped or self.text(after) == "in":
                value, end = self.expression(after + 1)
                start = self._body_after(end)
                block = (self.offset(index), start) if start else block
            elif self.text(after) == "=":
                value, end = self.expression(after + 1)
            else:
                value, end = None, after
            self._bind(pattern, value, block, self.offset(index), looped=looped)
            if self.text(index - 2) == "export" and pattern.name and value is not None:
                self.source.exports[pattern.name] = value
            if value is not None and value.function is not None and pattern.name:
                value.function.name = pattern.name
            if self.text(end) != ",":
                return
            index = end + 1

    def _body_after(self, index: int) -> int:
        """The offset where the block after a loop's head ends; 0 where it is one statement."""
        for start in (index, index + 1):
            if self.text(start) == "{" and start in self.closing:
                return self.offset(self.closing[start])
        return self.offset(index + 40) if index + 40 < len(self.tokens) else 0

    def _bind(
        self,
        pattern: Pattern,
        value: Node | None,
        block: tuple[int, int],
        at: int,
        *,
        looped: bool = False,
        keys: tuple[str, ...] = (),
        function: Function | None = None,
        parameter: int = 0,
    ) -> None:
        if pattern.name:
            found = Binding(pattern.name, value, *block, at, keys, function, parameter, looped)
            self.source.bindings.setdefault(pattern.name, []).append(found)
        for key, inner, default in pattern.places:
            self._bind(
                inner, value if value is not None else default, block, at,
                looped=looped, keys=(*keys, key), function=function, parameter=parameter,
            )  # fmt: skip

    def _pattern(self, index: int) -> tuple[Pattern, int]:
        """A name, `[a, b]` or `{a, b: c, d = 1}`, and the token after it."""
        opened = self.text(index)
        if opened not in ("[", "{") or index not in self.closing:
            return Pattern(opened if index < len(self.tokens) and self.tokens[index].kind == "name" else ""), index + 1
        end = self.closing[index]
        pattern, number, index = Pattern(), 0, index + 1
        while index < end:
            if self.text(index) == ",":
                number, index = number + 1, index + 1
                continue
            if self.text(index) == "...":
                index += 1
                continue
            key = str(number) if opened == "[" else self.tokens[index].text.strip("'\"")
            if opened == "{" and self.text(index + 1) == ":":
                inner, index = self._pattern(index + 2)
            else:
                inner, index = self._pattern(index)
            default = None
            if self.text(index) == "=":
                default, index = self.expression(index + 1)
            inner.default = default
            pattern.places.append((key, inner, default))
            while index < end and self.text(index) != ",":
                index += 1
        return pattern, end + 1

    def _past_type(self, index: int) -> int:
        """The token after `: Type`, or the same where no type stands."""
        if self.text(index) in ("!", "?") and self.text(index + 1) == ":":
            index += 1
        if self.text(index) != ":":
            return index
        index += 1
        begin = index
        while index < len(self.tokens) and self.text(index) not in ("=", ",", ";", ")", "of", "in", "=>"):
            if self.text(index) == "{" and index > begin and self.text(index - 1) not in ("|", "&"):
                return index
            if self.text(index) in ("(", "[", "{") and index in self.closing:
                index = self.closing[index]
            elif self.text(index) == "<":
                index = self._past_angles(index) - 1
            elif self.text(index + 1) not in ("|", "&", ".", "<", "[", "]", "=>") and self.text(index) not in "|&.":
                following = self.text(index + 1)
                if following not in ("=", ",", ";", ")", "of", "in"):
                    return index + 1  # the line ended without a semicolon
            index += 1
        return index

    def _past_angles(self, index: int) -> int:
        depth = 0
        for position in range(index, min(index + 80, len(self.tokens))):
            depth += {"<": 1, ">": -1}.get(self.text(position), 0)
            if depth == 0:
                return position + 1
            if self.text(position) in (";", ")"):
                break
        return index + 1

    def _function_statement(self, index: int) -> None:
        node, _ = self.expression(index)
        function = node.function
        if function is None:
            return
        name = self.text(index + 1) if self.text(index + 1) not in ("(", "*") else self.text(index + 2)
        if name and name != "(":
            function.name = name
            block = self._block(index)
            self._bind(Pattern(name), node, block, self.offset(index))
            if "export" in (self.text(index - 1), self.text(index - 2)):
                self.source.exports[name] = node
            if self.text(index - 1) == "default" or self.text(index - 2) == "default":
                self.source.exports["default"] = node

    def _method(self, index: int) -> None:
        """`name(a, b) {` in a class or an object."""
        close = self.closing.get(index + 1)
        if close is None:
            return
        body = self._past_type(close + 1)
        if self.text(body) == "{" and body in self.closing and self.text(index - 1) != "function":
            function = self._function(self.text(index), index + 1, body)
            node = Node("function", self.offset(index), function=function)
            self.source.fields.setdefault(function.name, []).append(node)
            if function.name == "constructor":
                function.name, function.makes = self._class_before(index), True

    def _class_before(self, index: int) -> str:
        """The name of the last class that begins before a token."""
        begins = next((at for at in range(index, max(index - 4_000, 0), -1) if self.text(at - 1) == "class"), index)
        return self.text(begins)

    def _assignment(self, index: int) -> None:
        """`name = value`, `this.name = value`, `exports.name = value`, fields of classes."""
        names = [self.text(index)]
        end = index + 1
        while self.text(end) in (".", "?.") and end + 1 < len(self.tokens):
            names.append(self.text(end + 1))
            end += 2
        if self.text(index - 1) in (".", "?.", "const", "let", "var"):
            return
        if len(names) == 1:
            end = self._past_type(end) if self.text(end) in (":", "!", "?") and self._is_field(index) else end
        if self.text(end) != "=" or not all(names):
            return
        value, _ = self.expression(end + 1)
        if value.function is not None:
            value.function.name = names[-1]
        if names[0] == "this" and len(names) == 2:
            self.source.fields.setdefault(names[1], []).append(value)
        elif names == ["module", "exports"]:
            self.source.exports["default"] = value
            for key, entry in value.entries.items():
                self.source.exports.setdefault(key, entry)
        elif names[0] in ("exports", "module") and len(names) in (2, 3):
            self.source.exports[names[-1]] = value
        elif len(names) == 1:
            self.source.fields.setdefault(names[0], []).append(value)
            found = Binding(names[0], value, *self._scope_of(names[0], index), self.offset(index))
            self.source.bindings.setdefault(names[0], []).append(found)

    def _is_field(self, index: int) -> bool:
        return self.text(index - 1) in ("private", "public", "protected", "readonly", "static", "{", ";", "}")

    def _scope_of(self, name: str, index: int) -> tuple[int, int]:
        """Where an assignment counts: the block of the name's declaration."""
        at = self.offset(index)
        around = [one for one in self.source.bindings.get(name, ()) if one.start <= at < one.end]
        return (around[-1].start, around[-1].end) if around else (0, self.tokens[-1].end + 1)

    def _import(self, index: int) -> None:
        """`import a, {b as c} from "x"`: names bound to members of a `require("x")`."""
        end = index + 1
        while end < len(self.tokens) and end < index + 300 and self.tokens[end].kind != "string":
            if self.text(end) in (";", "(", "="):
                return
            end += 1
        if end >= len(self.tokens) or self.tokens[end].kind != "string":
            return
        at = self.offset(index)
        module = Node("call", at, items=[self.expression(end)[0]], owner=Node("name", at, "require"))
        whole = (0, self.tokens[-1].end + 1)
        position = index + 1
        braces = False
        while position < end:
            word = self.text(position)
            if word in ("{", "}"):
                braces = word == "{"
            elif word == "*":
                self._bind(Pattern(self.text(position + 2)), module, whole, at)
                position += 2
            elif self.tokens[position].kind == "name" and word not in ("from", "type"):
                key, name = word if braces else "default", word
                if braces and self.text(position + 1) == "as":
                    name = self.text(position + 2)
                    position += 2
                self._bind(Pattern(name), module, whole, at, keys=(key,))
            position += 1

    # ---- expressions

    def expression(self, index: int, *, spine: bool = False) -> tuple[Node, int]:
        """The expression that begins at a token, and the token after it; with `spine` only its first operand."""
        key = -index - 1 if spine else index
        if key in self.known:
            return self.known[key]
        if index >= len(self.tokens) or self.depth > MAXIMUM_DEPTH:
            return Node("other", self.offset(index)), index + 1
        self.known[key] = Node("other", self.offset(index)), index + 1
        self.depth += 1
        try:
            self.known[key] = self._operand(index) if spine else self._operators(index)
        finally:
            self.depth -= 1
        return self.known[key]

    def _operators(self, index: int) -> tuple[Node, int]:
        left, index = self.expression(index, spine=True)
        while index < len(self.tokens):
            mark = self.text(index)
            if mark == "+":
                right, index = self.expression(index + 1, spine=True)
                left = Node("sum", left.at, items=[left, right])
            elif mark in _CHOICES:
                right, index = self.expression(index + 1, spine=True)
                left = right if mark == "&&" else Node("choice", left.at, items=[left, right])
            elif mark == "?" and self.text(index + 1) != ":":
                first, after = self.expression(index + 1)
                if self.text(after) != ":":
                    return left, index
                second, index = self.expression(after + 1)
                return Node("choice", left.at, items=[first, second]), index
            elif mark in _OTHER_OPERATORS:
                _, index = self.expression(index + 1, spine=True)
                left = Node("other", left.at)
            elif mark in ("as", "satisfies"):
                index = self._past_cast(index + 1)
            else:
                break
        return left, index

    def _past_cast(self, index: int) -> int:
        while index < len(self.tokens) and (self.tokens[index].kind == "name" or self.text(index) in (".", "[", "]")):
            index += 1
            if self.text(index) == "<":
                index = self._past_angles(index)
        return index

    def _operand(self, index: int) -> tuple[Node, int]:
        if self.text(index) in _UNARY and index + 1 < len(self.tokens):
            return self.expression(index + 1, spine=True)
        node, index = self._primary(index)
        while index < len(self.tokens):
            mark = self.text(index)
            if mark in (".", "?.") and index + 1 < len(self.tokens) and self.tokens[index + 1].kind == "name":
                node = Node("member", self.offset(index + 1), self.text(index + 1), owner=node)
                index += 2
            elif mark in ("(", "?.") and self.text(index if mark == "(" else index + 1) == "(":
                opened = index if mark == "(" else index + 1
                node, index = self._call(node, opened)
            elif mark == "[" and index in self.closing:
                key, _ = self.expression(index + 1)
                node = Node("index", node.at, items=[key], owner=node)
                index = self.closing[index] + 1
            elif mark == "!" and self.text(index + 1) in (".", ")", ",", ";", "["):
                index += 1
            elif mark == "<" and self.text(after := self._past_angles(index)) == "(" and after > index + 1:
                index = after
            else:
                break
        return node, index

    def _call(self, callee: Node, opened: int) -> tuple[Node, int]:
        arguments, index = self._list(opened)
        node = Node("call", callee.at, items=arguments, owner=callee)
        for argument in arguments:
            if argument.function is not None:
                argument.function.argument_of = node
        return node, index

    def _list(self, opened: int) -> tuple[list[Node], int]:
        """Expressions between brackets, and the token after them."""
        end = self.closing.get(opened)
        if end is None:
            return [], len(self.tokens)
        found: list[Node] = []
        index = opened + 1
        while index < end:
            node, after = self.expression(index)
            found.append(node)
            index = max(after, index + 1)
            while index < end and self.text(index) != ",":
                index = self.closing.get(index, index) + 1
            index += 1
        return found, end + 1

    def _primary(self, index: int) -> tuple[Node, int]:
        token = self.tokens[index]
        if token.kind == "string":
            return Node("string", token.start + 1, token.text[1:-1]), index + 1
        if token.kind == "template":
            return self._template(token), index + 1
        if token.kind == "name":
            return self._word(index)
        if token.text == "(" and index in self.closing:
            end = self.closing[index]
            if self.text(arrow := self._past_type(end + 1)) == "=>":
                return self._arrow(index, arrow)
            node, _ = self.expression(index + 1)
            return node, end + 1
        if token.text == "[" and index in self.closing:
            items, after = self._list(index)
            return Node("array", token.start, items=items), after
        if token.text == "{" and index in self.closing:
            return self._object(index)
        return Node("other", token.start), index + 1

    def _word(self, index: int) -> tuple[Node, int]:
        word = self.text(index)
        if word == "async" and (self.text(index + 1) in ("function", "(") or self.text(index + 2) == "=>"):
            return self._primary(index + 1)
        typed = self.text(index - 1) == ":" and self.text(index - 2) == ")"  # (a): Result => …
        if self.text(index + 1) == "=>" and not typed:
            return self._arrow(index, index + 1)
        if word == "function":
            opened = index + 1
            while opened < len(self.tokens) and self.text(opened) != "(":
                opened += 1
            close = self.closing.get(opened)
            if close is not None and self.text(body := self._past_type(close + 1)) == "{" and body in self.closing:
                function = self._function("", opened, body)
                return Node("function", self.offset(index), function=function), self.closing[body] + 1
        return Node("name", self.offset(index), word), index + 1

    def _arrow(self, index: int, arrow: int) -> tuple[Node, int]:
        if self.text(arrow + 1) == "{" and arrow + 1 in self.closing:
            function = self._function("", index, arrow + 1)
            return Node("function", self.offset(index), function=function), self.closing[arrow + 1] + 1
        function = self._function("", index, arrow + 1)
        result, after = self.expression(arrow + 1)
        function.result = result
        function.end = self.offset(after)
        for binding in (one for found in self.source.bindings.values() for one in found if one.function is function):
            binding.end = function.end
        return Node("function", self.offset(index), function=function), after

    def _function(self, name: str, parameters: int, body: int) -> Function:
        """A function whose parameters begin at one token and whose body begins at another."""
        if (parameters, body) in self.made:
            return self.made[parameters, body]
        start = self.offset(parameters)
        end = self.offset(self.closing[body]) + 1 if self.text(body) == "{" and body in self.closing else start + 1
        function = self.made[parameters, body] = Function(name, [], start, end)
        self.source.functions.append(function)
        if self.text(parameters) != "(":
            function.parameters.append(Pattern(self.text(parameters)))
        else:
            index, close = parameters + 1, self.closing.get(parameters, parameters)
            while index < close:
                while self.text(index) in ("private", "public", "protected", "readonly", "..."):
                    index += 1
                pattern, after = self._pattern(index)
                after = self._past_type(after + 1 if self.text(after) == "?" else after)
                if self.text(after) == "=":
                    pattern.default, after = self.expression(after + 1)
                function.parameters.append(pattern)
                index = after
                while index < close and self.text(index) != ",":
                    index = self.closing.get(index, index) + 1
                index += 1
        for number, pattern in enumerate(function.parameters):
            self._bind(pattern, pattern.default, (start, end), start, function=function, parameter=number)
        return function

    def _object(self, index: int) -> tuple[Node, int]:
        end = self.closing[index]
        node = Node("object", self.offset(index))
        index += 1
        while index < end:
            if self.text(index) == "...":
                spread, after = self.expression(index + 1)
                node.items.append(spread)
            else:
                if self.text(index) in ("async", "get", "set", "static") and self.text(index + 1) not in (
                    ":",
                    ",",
                    "(",
                ):
                    index += 1
                token = self.tokens[index]
                name = token.text.strip("'\"") if token.kind in ("name", "string", "number") else ""
                after = index + 1
                if self.text(after) == ":":
                    value, after = self.expression(after + 1)
                    node.entries[name] = value
                    self.source.settings.setdefault(name, []).append(value)
                elif token.kind == "name" and self.text(after) in (",", "}"):
                    node.entries[name] = Node("name", token.start, name)
            index = max(after, index + 1)
            while index < end and self.text(index) != ",":
                index = self.closing.get(index, index) + 1
            index += 1
        return node, end + 1

    def _template(self, token: Token) -> Node:
        node = Node("template", token.start)
        for part in token.parts:
            if isinstance(part, tuple):
                start, end = part
                node.items.append(Node("string", start, token.text[start - token.start : end - token.start]))
            else:
                inner = _Reader(self.source.path, part)
                node.items.append(inner.expression(0)[0] if part else Node("other", token.start))
                for index, one in enumerate(part):
                    if one.kind == "name" and inner.text(index - 1) not in (".", "?."):
                        self._chain(inner.expression(index, spine=True)[0])
        return node
