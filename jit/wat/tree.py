"""From characters to nested lists (specification: Text Format, Lexical Format).

Annotations, `(@...)`, are left out, as comments are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from jit.wat.errors import TextError

_TOKEN = re.compile(
    r"""(?P<space> [ \t\r\n]+ | ;;[^\n]* )
      | (?P<comment> \(; )
      | (?P<open> \( )
      | (?P<close> \) )
      | (?P<string> " (?: [^"\\\x00-\x1f\x7f] | \\. )* " )
      | (?P<name> \$ " (?: [^"\\\x00-\x1f\x7f] | \\. )* " )
      | (?P<word> [0-9A-Za-z!#$%&'*+\-./:<=>?@\\^_`|~]+ )""",
    re.VERBOSE,
)
_COMMENT_END = re.compile(r"\(;|;\)")
_ESCAPE = re.compile(r"\\(?:u\{(?P<unicode>[0-9a-fA-F_]+)\}|(?P<hex>[0-9a-fA-F]{2})|(?P<one>.))")
_PLAIN = {"t": b"\t", "n": b"\n", "r": b"\r", '"': b'"', "'": b"'", "\\": b"\\"}


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword, a name that begins with `$`, or a number."""

    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string, its escapes undone."""

    data: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Group:
    """What stands in a pair of parentheses."""

    at: int
    items: "list[Item]" = field(default_factory=list)

    @property
    def keyword(self) -> str:
        """The word that it begins with; empty if it begins with none."""
        first = self.items[0] if self.items else None
        return first.text if isinstance(first, Word) else ""


Item = Word | Text | Group


def read(source: str) -> list[Item]:
    """Return what stands in a text, outside of all parentheses.  Raise TextError."""
    top = Group(0)
    open_: list[Group] = [top]
    for kind, token, at in _tokens(source):
        if kind == "open":
            inner = Group(at)
            open_[-1].items.append(inner)
            open_.append(inner)
        elif kind == "close":
            if len(open_) == 1:
                raise TextError("`)` without `(`", source, at)
            closed = open_.pop()
            if closed.keyword.startswith("@"):
                open_[-1].items.pop()
        elif kind == "string":
            open_[-1].items.append(Text(_unescaped(token, source, at), at))
        elif kind == "name":
            name = _unescaped(token[1:], source, at).decode(errors="replace")
            open_[-1].items.append(Word(f"${name}", at))
        else:
            open_[-1].items.append(Word(token, at))
    if len(open_) > 1:
        raise TextError("expected `)`", source, len(source))
    return top.items


def _tokens(source: str) -> Iterator[tuple[str, str, int]]:
    """Yield (kind, text, place) of each token."""
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise TextError(f"unexpected character {source[at]!r}", source, at)
        kind = found.lastgroup
        assert kind is not None, "every alternative has a name"
        if kind == "comment":
            at = _comment_end(source, at)
            continue
        if kind != "space":
            yield kind, found[0], at
        at = found.end()


def _comment_end(source: str, at: int) -> int:
    depth, end = 0, at
    while True:
        found = _COMMENT_END.search(source, end)
        if found is None:
            raise TextError("a comment without an end", source, at)
        depth += 1 if found[0] == "(;" else -1
        end = found.end()
        if not depth:
            return end


def _unescaped(token: str, source: str, at: int) -> bytes:
    data, end = bytearray(), 1
    for found in _ESCAPE.finditer(token):
        data += token[end : found.start()].encode()
        end = found.end()
        if found["hex"]:
            data.append(int(found["hex"], 16))
        elif found["unicode"]:
            code = int(found["unicode"].replace("_", ""), 16)
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise TextError("no Unicode scalar value", source, at + found.start())
            data += chr(code).encode()
        elif found["one"] in _PLAIN:
            data += _PLAIN[found["one"]]
        else:
            raise TextError("unknown escape in a string", source, at + found.start())
    return bytes(data + token[end:-1].encode())
