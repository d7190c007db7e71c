"""What the items of a module are called: an index space for each kind, and the names of locals and labels."""

from dataclasses import dataclass, field

from jit.abi.leb import uleb

KINDS = ("type", "func", "table", "memory", "global", "elem", "data")


@dataclass(slots=True)
class Space:
    """The items of one kind, in order of index."""

    count: int = 0
    names: dict[str, int] = field(default_factory=dict)
    """Names with their `$`."""

    def add(self, name: str | None) -> int | None:
        """Give the next item an index; return it, None if its name is taken."""
        index = self.count
        self.count += 1
        if name is not None:
            if name in self.names:
                return None
            self.names[name] = index
        return index


@dataclass(frozen=True, slots=True)
class FunctionNames:
    """The names in one function's body: index to name, without `$`."""

    locals: dict[int, str]
    labels: dict[int, str]


_SUBSECTIONS = {"type": 4, "table": 5, "memory": 6, "global": 7, "elem": 8, "data": 9}


def name_section(
    module: str | None, spaces: dict[str, Space], functions: dict[int, FunctionNames]
) -> bytes:
    """Return the contents of the name section; nothing where nothing has a name."""
    parts = []
    if module is not None:
        parts.append((0, string(module[1:])))
    parts.append((1, _of_space(spaces["func"])))
    for number, of in ((2, "locals"), (3, "labels")):
        entries = {index: getattr(names, of) for index, names in functions.items()}
        filled = {index: names for index, names in sorted(entries.items()) if names}
        body = b"".join(uleb(index) + name_map(names) for index, names in filled.items())
        parts.append((number, uleb(len(filled)) + body if filled else b""))
    parts += [(number, _of_space(spaces[kind])) for kind, number in _SUBSECTIONS.items()]
    return b"".join(bytes([number]) + uleb(len(data)) + data for number, data in parts if data)


def _of_space(space: Space) -> bytes:
    names = {index: name[1:] for name, index in space.names.items()}
    return name_map(dict(sorted(names.items()))) if names else b""


def name_map(names: dict[int, str]) -> bytes:
    """Return a vector of pairs of an index and a name."""
    return uleb(len(names)) + b"".join(uleb(i) + string(name) for i, name in names.items())


def string(text: str) -> bytes:
    """Return a name: its length, and UTF-8."""
    data = text.encode()
    return uleb(len(data)) + data
