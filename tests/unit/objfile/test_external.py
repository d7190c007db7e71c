"""Debugging information in a file beside the module."""

from pathlib import Path

import pytest

from gdbstub.objfile import External, external_sections
from gdbstub.objfile.leb import uleb

CODE_SIZE = 3
INFO = b"the entries"


def wasm(*customs: tuple[str, bytes], code: bytes = b"abc") -> bytes:
    """Return a file with these sections; no reader looks into the code."""
    out = b"\0asm\x01\0\0\0"
    if code:
        out += b"\x0a" + uleb(len(code)) + code
    for name, data in customs:
        body = uleb(len(name)) + name.encode() + data
        out += b"\0" + uleb(len(body)) + body
    return out


def named(address: str) -> dict[str, bytes]:
    """Return the sections of a module that names a file."""
    data = address.encode()
    return {"external_debug_info": uleb(len(data)) + data}


def look(tmp_path: Path, address: str, contents: bytes | None = None) -> External:
    """Read what a module in the folder names, after writing it to `info.wasm`."""
    if contents is not None:
        (tmp_path / "info.wasm").write_bytes(contents)
    found = external_sections(named(address), CODE_SIZE, tmp_path / "prog.wasm")
    assert found is not None
    return found


GOOD = wasm((".debug_info", INFO), (".debug_str", b"s"), ("name", b"n"))


@pytest.mark.parametrize(
    "address", ["info.wasm", "./info.wasm", "file:info.wasm", "file:///build/info.wasm"]
)
def test_the_file_beside_the_module_is_read(tmp_path: Path, address: str) -> None:
    found = look(tmp_path, address, GOOD)
    assert found.customs == {".debug_info": INFO, ".debug_str": b"s"}
    assert found.remark == f"debug information: {tmp_path / 'info.wasm'}"


def test_it_may_be_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "debug dir").mkdir()
    (tmp_path / "debug dir" / "x.wasm").write_bytes(GOOD)
    assert look(tmp_path, "debug%20dir/x.wasm").customs


def test_a_file_without_code_is_taken_as_it_is(tmp_path: Path) -> None:
    assert look(tmp_path, "info.wasm", wasm((".debug_info", INFO), code=b"")).customs


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (None, "there is no info.wasm beside the module"),
        (b"ELF", "not a WebAssembly module"),
        (wasm((".debug_info", INFO), code=b"abcd"), "belongs to another module"),
        (GOOD[:-3], "cut off"),
        (wasm(("name", b"")), "there is none in it"),
    ],
    ids=["missing", "foreign", "other", "cut off", "empty"],
)
def test_a_file_of_no_use_is_told_of(tmp_path: Path, contents: bytes | None, reason: str) -> None:
    found = look(tmp_path, "info.wasm", contents)
    assert found.customs == {}
    assert found.remark.startswith("no debug information: info.wasm: ")
    assert reason in found.remark


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://example.org/info.wasm", "only files beside the module"),
        ("file://elsewhere/info.wasm", "only files beside the module"),
        ("http://[", "not an address"),
        ("", "names no file"),
        ("prog.wasm", "there is no prog.wasm"),
        ("x" * 300, "File name too long"),
        ("a%00b", "there is no a\0b"),
    ],
)
def test_other_addresses_are_not_followed(tmp_path: Path, address: str, reason: str) -> None:
    (tmp_path / "prog.wasm").write_bytes(GOOD)
    assert reason in look(tmp_path, address, GOOD).remark


def test_no_file_above_the_module_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.wasm").write_bytes(GOOD)
    (tmp_path / "sub").mkdir()
    found = external_sections(named("../secret.wasm"), CODE_SIZE, tmp_path / "sub" / "p.wasm")
    assert found is not None
    assert found.customs == {}


def test_another_build_is_refused(tmp_path: Path) -> None:
    (tmp_path / "info.wasm").write_bytes(wasm((".debug_info", INFO), ("build_id", b"\x01b")))
    customs = named("info.wasm") | {"build_id": b"\x01a"}
    found = external_sections(customs, CODE_SIZE, tmp_path / "prog.wasm")
    assert found is not None
    assert "another build" in found.remark


def test_a_module_from_no_file_has_nothing_beside_it() -> None:
    found = external_sections(named("info.wasm"), CODE_SIZE, None)
    assert found is not None
    assert "came from no file" in found.remark


def test_a_module_with_its_own_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "prog.wasm"
    assert external_sections({".debug_info": b"x"} | named("x"), CODE_SIZE, path) is None
    assert external_sections({}, CODE_SIZE, path) is None


def test_a_section_that_is_cut_off_names_nothing(tmp_path: Path) -> None:
    customs = {"external_debug_info": b"\x80"}
    found = external_sections(customs, CODE_SIZE, tmp_path / "prog.wasm")
    assert found is not None
    assert "names no file" in found.remark
