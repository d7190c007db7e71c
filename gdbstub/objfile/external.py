"""Debugging information that a module keeps in another file (custom section `external_debug_info`).

The section is the file's address, relative to the module's own (WebAssembly tool conventions,
DWARF for WebAssembly). Only a file in the module's folder or below it is read; what is wrong with
it is told, never raised.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from gdbstub.objfile.leb import read_uleb
from gdbstub.objfile.sections import KEPT_SECTIONS

SECTION = "external_debug_info"
BUILD_ID = "build_id"
CODE_SECTION = 10
_HEADER = b"\0asm\x01\0\0\0"


@dataclass(frozen=True, slots=True)
class External:
    """The custom sections that were found in the other file, and what is to be told of it."""

    customs: dict[str, bytes]
    remark: str


class _Unusable(Exception):
    """Why the file is of no use."""


def external_sections(
    customs: dict[str, bytes], code_size: int, module: Path | None
) -> External | None:
    """Read the file that a module at `module` names; None when it names none, or has DWARF itself.

    `code_size` is the size of its code section's payload: that of another one in the file means
    that the two do not belong together.
    """
    payload = customs.get(SECTION)
    if payload is None or customs.get(".debug_info"):
        return None
    address = _address(payload)
    try:
        path = _beside(address, module)
        return External(_read(path, customs, code_size), f"debug information: {path}")
    except _Unusable as error:
        return External({}, f"no debug information: {address or SECTION}: {error}")


def _address(payload: bytes) -> str:
    try:
        length, start = read_uleb(payload, 0)
    except IndexError:
        return ""
    return payload[start : start + length].decode(errors="replace")


def _beside(address: str, module: Path | None) -> Path:
    if module is None:
        raise _Unusable("the module came from no file")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _Unusable("not an address") from None
    if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
        raise _Unusable("only files beside the module are read")
    name = PurePosixPath(unquote(parts.path))
    if not name.name:
        raise _Unusable("it names no file")
    inside = not name.is_absolute() and ".." not in name.parts
    places = [module.parent / name] if inside else []
    for path in (*places, module.parent / name.name):
        try:
            if path.is_file() and path != module:
                return path
        except OSError as error:
            raise _Unusable(error.strerror or "no name of a file") from None
    raise _Unusable(f"there is no {name.name} beside the module")


def _read(path: Path, customs: dict[str, bytes], code_size: int) -> dict[str, bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _Unusable(f"{path}: {error.strerror}") from None
    if not data.startswith(_HEADER):
        raise _Unusable(f"{path}: not a WebAssembly module")
    found = {}
    try:
        for kind, start, end in _sections(data):
            if kind == CODE_SECTION and end - start != code_size:
                raise _Unusable(f"{path}: it belongs to another module")
            if kind == 0:
                length, name = read_uleb(data, start)
                text = data[name : name + length].decode(errors="replace")
                found[text] = data[name + length : end]
    except IndexError:
        raise _Unusable(f"{path}: it is cut off") from None
    if found.get(BUILD_ID, customs.get(BUILD_ID)) != customs.get(BUILD_ID, found.get(BUILD_ID)):
        raise _Unusable(f"{path}: it belongs to another build of the module")
    sections = {name: found[name] for name in KEPT_SECTIONS if name in found}
    if ".debug_info" not in sections:
        raise _Unusable(f"{path}: there is none in it")
    return sections


def _sections(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (id, start, end) of each section. IndexError where the file ends too soon."""
    position = len(_HEADER)
    while position < len(data):
        kind = data[position]
        size, start = read_uleb(data, position + 1)
        position = start + size
        if position > len(data):
            raise IndexError
        yield kind, start, position
