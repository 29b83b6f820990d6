"""What is read of a file of JavaScript or TypeScript: expressions, functions, names."""

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Node:
    """An expression. `at` is its offset in the file; which of the other fields are used depends on `kind`."""

    kind: str  # string template name member index call object array function sum choice other
    at: int
    text: str = ""  # of a name or member: its name; of a string: what is between the quotes
    items: "list[Node]" = field(default_factory=list)  # operands, arguments, elements, parts
    entries: "dict[str, Node]" = field(default_factory=dict)  # of an object
    owner: "Node | None" = None  # of a member, an index or a call
    function: "Function | None" = None


@dataclass(slots=True, eq=False)
class Pattern:
    """What a declaration binds: a name, or the names taken out of an array or an object."""

    name: str = ""
    places: "list[tuple[str, Pattern, Node | None]]" = field(default_factory=list)  # key or index, inner, default
    default: Node | None = None


@dataclass(slots=True, eq=False)
class Function:
    """A function; its body is the range of tokens [start, end), or of an arrow one expression."""

    name: str
    parameters: list[Pattern]
    start: int
    end: int
    result: Node | None = None
    argument_of: Node | None = None  # the call that it is handed to
    makes: bool = False  # a constructor; its name is the class's


@dataclass(slots=True, eq=False)
class Binding:
    """A name's value: visible in the block [start, end) of offsets; `key` leads from the value to the name."""

    name: str
    value: Node | None
    start: int
    end: int
    at: int
    keys: tuple[str, ...] = ()
    function: Function | None = None  # of a parameter
    parameter: int = 0
    looped: bool = False  # an element of the value: `for (const name of value)`


@dataclass(slots=True)
class Source:
    """One file: its calls, names, functions, and what it exports."""

    path: str
    calls: list[Node] = field(default_factory=list)
    strings: list[tuple[Node, str]] = field(default_factory=list)  # each with the key or name it is given to
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    fields: dict[str, list[Node]] = field(default_factory=dict)  # this.name = value
    functions: list[Function] = field(default_factory=list)
    returns: list[tuple[int, Node]] = field(default_factory=list)  # offset and value, in order
    exports: dict[str, Node] = field(default_factory=dict)
    settings: dict[str, list[Node]] = field(default_factory=dict)  # values of object keys, wherever they stand
    _returned: dict[int, list[Node]] = field(default_factory=dict)

    def function_at(self, position: int) -> Function | None:
        """The innermost function around an offset."""
        around = [one for one in self.functions if one.start <= position < one.end]
        return min(around, key=lambda one: one.end - one.start, default=None)

    def returned(self, function: Function) -> list[Node]:
        """What a function returns, each time it does."""
        if function.result is not None:
            return [function.result]
        if not self._returned:
            for position, value in self.returns:
                self._returned.setdefault(id(self.function_at(position)), []).append(value)
        return self._returned.get(id(function), [])
