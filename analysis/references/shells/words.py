"""Words of a command line as options and plain words."""

from analysis.references.text import Text


class Words:
    """Words of a command line as options and plain words."""

    def __init__(self, words: list[Text] | None, flags: frozenset[str] = frozenset()) -> None:
        self.known = words is not None
        self.options: dict[str, list[Text]] = {}
        self.plain: list[Text] = []
        rest = list(words or [])
        while rest:
            word = rest.pop(0)
            flat = word.flat
            if flat.startswith("-") and len(flat) > 1 and not flat.lstrip("-").replace(".", "").isdigit():
                name, equals, _ = flat.lstrip("-").partition("=")
                name = name.replace("-", "_")
                values = self.options.setdefault(name, [])
                if equals:
                    values.append(word.cut(flat.index("=") + 1))
                elif name not in flags:
                    while rest and not rest[0].flat.startswith("-"):
                        values.append(rest.pop(0))
                        if len(values) > 200:
                            break
            else:
                self.plain.append(word)

    def option(self, *names: str) -> list[Text] | None:
        for name in names:
            found = self.options.get(name.lstrip("-").replace("-", "_"))
            if found is not None:
                return found
        return None
