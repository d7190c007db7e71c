"""Reads as much of a .wasm file as an object file is made from: sections, bodies, names, table."""

from gdbstub.objfile import FunctionImage, ModuleImage
from gdbstub.objfile.leb import read_sleb, read_uleb, skip_leb

PAGE = 65536


def split(data: bytes) -> tuple[dict[int, tuple[int, int]], dict[str, bytes]]:
    """Return the bounds of the known sections by id, and the custom sections by name."""
    known, customs = {}, {}
    position = 8
    while position < len(data):
        section = data[position]
        size, start = read_uleb(data, position + 1)
        end = start + size
        if section == 0:
            length, name = read_uleb(data, start)
            customs[data[name : name + length].decode()] = data[name + length : end]
        else:
            known[section] = (start, end)
        position = end
    return known, customs


def _types(data: bytes, start: int) -> list[int]:
    """Return how many parameters each type has."""
    count, position = read_uleb(data, start)
    result = []
    for _ in range(count):
        parameters, position = read_uleb(data, position + 1)
        result.append(parameters)
        results, position = read_uleb(data, position + parameters)
        position += results
    return result


def _imported_functions(data: bytes, start: int) -> int:
    count, position = read_uleb(data, start)
    functions = 0
    for _ in range(count):
        for _ in range(2):
            length, position = read_uleb(data, position)
            position += length
        kind = data[position]
        position += 1
        if kind == 0:
            functions += 1
            position = skip_leb(data, position)
        elif kind == 3:
            position += 2
        else:
            position += kind == 1
            limits = data[position]
            position = skip_leb(data, position + 1)
            if limits & 1:
                position = skip_leb(data, position)
    return functions


def function_names(payload: bytes) -> dict[int, str]:
    """Read the function names of a name section."""
    names: dict[int, str] = {}
    position = 0
    while position < len(payload):
        kind = payload[position]
        size, position = read_uleb(payload, position + 1)
        if kind == 1:
            count, at = read_uleb(payload, position)
            for _ in range(count):
                index, at = read_uleb(payload, at)
                length, at = read_uleb(payload, at)
                names[index] = payload[at : at + length].decode()
                at += length
        position += size
    return names


def _table(data: bytes, start: int) -> dict[int, int]:
    """Return the slots that active segments of functions fill."""
    slots = {}
    count, position = read_uleb(data, start)
    for _ in range(count):
        flags, position = read_uleb(data, position)
        assert flags == 0 and data[position] == 0x41, "only what wasm-ld writes is read"
        offset, position = read_sleb(data, position + 1)
        length, position = read_uleb(data, position + 1)
        for slot in range(offset, offset + length):
            slots[slot], position = read_uleb(data, position)
    return slots


def module_image(name: str, data: bytes) -> ModuleImage:
    """Return what an object file for the module is made from."""
    known, customs = split(data)
    parameters = _types(data, known[1][0])
    imported = _imported_functions(data, known[2][0]) if 2 in known else 0
    names = function_names(customs.get("name", b""))
    count, position = read_uleb(data, known[3][0])
    signatures = []
    for _ in range(count):
        index, position = read_uleb(data, position)
        signatures.append(parameters[index])
    count, position = read_uleb(data, known[10][0])
    functions = []
    for defined in range(count):
        size, body = read_uleb(data, position)
        position = body + size
        groups, at = read_uleb(data, body)
        total = signatures[defined]
        for _ in range(groups):
            number, at = read_uleb(data, at)
            total += number
            at += 1
        index = imported + defined
        text = names.get(index, f"f{index}")
        functions.append(
            FunctionImage(index, text, "", body, at, position, signatures[defined], total)
        )
    table = _table(data, known[9][0]) if 9 in known else {}
    pages = read_uleb(data, known[5][0] + 2)[0] if 5 in known else 0
    return ModuleImage(
        name=name,
        data=data,
        functions=tuple(functions),
        code_section_payload=known[10][0],
        customs=customs,
        memory_bytes=pages * PAGE,
        table_functions={slot: names.get(index, f"f{index}") for slot, index in table.items()},
        vmctx_globals={index: 16 + 8 * index for index in range(8)},
    )
