"""What lldb is told of the machine: its triple, its one register, its modules."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import quoteattr

from gdbstub.extensions import HostInfo, RegisterInfo
from gdbstub.target import RegisterNumber
from gdbstub.views.common.names import writable
from gdbstub.views.wasm.addresses import Kind, encode
from gdbstub.views.wasm.image import CodeImage

HOST = HostInfo(triple="wasm32-unknown-unknown-wasm", pointer_size=4)
"""lldb (22) matches a module with the file the user opened only under exactly this triple."""

PC = RegisterNumber(0)
PC_SIZE = 8
REGISTERS = (RegisterInfo("pc", 8 * PC_SIZE, 0, generic="pc"),)


def library_names(images: Sequence[CodeImage], paths: Mapping[object, str]) -> list[str]:
    """Name every module; `paths` are the files of those that have one.

    lldb takes a path that exists on its side for the module itself, and tells modules apart by name.
    """
    names: list[str] = []
    for number, image in enumerate(images):
        name = writable(paths.get(image.code.module.module) or _module_name(image, number))
        names.append(name if name not in names else f"{name}-{number}")
    return names


def _module_name(image: CodeImage, number: int) -> str:
    name = image.code.module.info.names.module
    # A name that happens to be a file's on the client's side would be read from there.
    return f"wasm-{number}" if name is None else os.path.basename(name) or f"wasm-{number}"


def libraries_xml(images: Sequence[CodeImage], paths: Mapping[object, str]) -> bytes:
    """Write the `<library-list>`."""
    rows = "".join(
        f"<library name={quoteattr(name)}>"
        f'<section address="0x{encode(Kind.CODE, number, 0):x}"/></library>'
        for number, name in enumerate(library_names(images, paths))
    )
    return f"<library-list>{rows}</library-list>".encode("utf-8", "surrogateescape")
