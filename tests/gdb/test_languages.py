"""C++ and Rust guests in stock gdb: every value is the one that native gdb shows for the twin."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from tests.gdb.languages import cplusplus, rust
from tests.gdb.session import Results, debug, debug_natively, plain
from tests.guests.build import Guest


def shown(text: str) -> str:
    """Return gdb's text without what must differ: numbers of breakpoints, slots, sizes of pointers."""
    text = re.sub(r"^(Temporary breakpoint )\d+", r"\1", plain(text), flags=re.MULTILINE)
    text = re.sub(r"^\$\d+ = ", "", text, flags=re.MULTILINE)
    return re.sub(r"\.tab\d+>|(?<=vtable for )(\w+)\+\d+>", r"\1>", text)


def check(ours: Results, theirs: Results, commands: Sequence[str]) -> None:
    """Compare every output of these commands."""
    for command in dict.fromkeys(commands):
        pairs = zip(ours.all(command), theirs.all(command), strict=True)
        for number, (one, other) in enumerate(pairs):
            assert shown(one) == shown(other), f"{command}, time {number}"


def compare(
    build: Callable[..., Guest], opt: str, commands: Sequence[str], *flags: str
) -> tuple[Results, Results]:
    """Run the same session on a guest and on its twin."""
    return debug(build(opt, *flags), commands), debug_natively(build(opt, native=True), commands)


LOOK = ("break look", "c")
CPLUSPLUS = (
    "print hue",
    "print out",
    "print *word",
    "print *bits",
    "print bits->d",
    "print cube.side",
    "print cube.volume",
    "print (int)hue",
    "print local_to_thread",
    "print ns::Square::count",
    "print member",
    "print cube.*member",
    "print *pointer",
    "ptype ns::Bits",
    "ptype ns::Hue",
    "whatis cube",
    "whatis ns::twice<double>",
    "info symbol pointer",
    "info scope ns::twice<int>",
)


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
@pytest.mark.parametrize("version", [4, 5])
def test_cplusplus_values(opt: str, version: int) -> None:
    ours, theirs = compare(cplusplus, opt, (*LOOK, *CPLUSPLUS), f"-gdwarf-{version}")
    for command in CPLUSPLUS:
        if command == "info symbol pointer":
            assert ours[command].startswith("int ns::twice<int>(int).tab")
        elif command == "print *pointer":
            assert "ns::twice<int>(int)" in ours[command]
        elif command == "info scope ns::twice<int>":
            assert ours[command].count("Symbol ") == 2
        else:
            assert shown(ours[command]) == shown(theirs[command]), command


def test_objects_are_shown_with_their_bases_and_vtables() -> None:
    guest = cplusplus("O0")
    ours = debug(guest, (*LOOK, "print cube", "set print object on", "print *(ns::Base *)&cube"))
    for text in ("ns::Base", "tag = 2", "side = 4", "volume = 64", "<vtable for ns::Cube+8>"):
        assert text in ours["print cube"], text


MEMBER = (
    "break ns::Square::area",
    "c",
    "bt 2",
    "print *this",
    "print this->side",
    "print side",
    "set var this->side = 6",
    "print side",
    "finish",
)


DYNAMIC = (
    "set print object on",
    "print second",
    "print *second",
    "print right",
    "print right->root",
    "print root",
    "print *root",
    "print *(Diamond *) root",
    "print right->beside()",
    "print root->above()",
)


def test_objects_are_shown_as_what_they_are() -> None:
    """Through pointers to any of several bases, virtual ones too."""
    commands = ("break look", "c", "up", *DYNAMIC)
    ours = debug(cplusplus("O0", "-Wl,--no-gc-sections", name="objects"), commands)
    theirs = debug_natively(cplusplus("O0", native=True, name="objects"), commands)
    check(ours, theirs, DYNAMIC)
    assert shown(ours["print root"]).startswith("(Diamond *)")


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_a_virtual_function(opt: str) -> None:
    ours, theirs = compare(cplusplus, opt, MEMBER)
    check(ours, theirs, ("print side", "print this->side"))
    assert "Value returned is" in ours["finish"]
    assert ours["finish"].split(" = ")[-1] == theirs["finish"].split(" = ")[-1]


@pytest.mark.parametrize("name", ["ns::twice<double>", "ns::(anonymous namespace)::hidden"])
def test_functions_by_their_full_names(name: str) -> None:
    ours, theirs = compare(cplusplus, "O0", (f"break {name}", "c", "info args", "finish"))
    assert re.match(r"Breakpoint 1 at 0xe", ours[f"break {name}"])
    check(ours, theirs, ("info args",))
    assert ours["finish"].split(" = ")[-1] == theirs["finish"].split(" = ")[-1]


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_an_inlined_function_has_a_frame(opt: str) -> None:
    commands = ("break inlined", "c", "bt 2", "print by", "up", "print by", "info frame")
    ours, theirs = compare(cplusplus, opt, commands)
    check(ours, theirs, ("print by",))
    assert [line.split("(")[0].strip() for line in plain(ours["bt 2"]).splitlines()[:2]] == [
        "#0  inlined",
        "#1  outer",
    ]


AREA = ("break languages::area", "c", "print *shape", "c", "print *shape", "c", "print *shape")


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_rust_enums(opt: str) -> None:
    ours, theirs = compare(rust, opt, AREA)
    check(ours, theirs, ("print *shape",))
    assert "languages::Shape::Rect{w: 3, h: 4}" in ours.all("print *shape")[1]


TOTAL = ("break languages::total", "c")
RUST = (
    "print numbers",
    "print numbers[1]",
    "print numbers.length",
    "print name",
    "print *extra",
    "print *boxed",
    "print pair.1",
    "print *pair",
    "print languages::COUNTER",
    "print sizeof(*pair)",
    "print name.length as i64 + 1",
    "whatis *extra",
    "ptype *pair",
)


@pytest.mark.parametrize("opt", ["O0", "O1", "O2"])
def test_rust_values(opt: str) -> None:
    commands = (*TOTAL, *RUST, "c", *RUST)
    ours = debug(rust(opt), commands)
    # Native code at -O2 stops in a function inlined at the entry, and has lost the arguments there.
    theirs = debug_natively(rust("O0", native=True), commands)
    check(ours, theirs, RUST)
    assert "Some(7)" in ours.all("print *extra")[0] and "None" in ours.all("print *extra")[1]


@pytest.mark.parametrize("opt", ["O0", "O2"])
def test_rust_traits_and_generics(opt: str) -> None:
    commands = (
        "break languages::{impl#1}::speak",
        "c",
        "bt 3",
        "print *self",
        "finish",
        "break languages::main",
        "info breakpoints",
    )
    ours, theirs = compare(rust, opt, commands)
    check(ours, theirs, ("print *self",))
    assert "Value returned is $2 = 5" in ours["finish"]
    names = [re.sub(r" \(.*", "", line) for line in plain(ours["bt 3"]).splitlines()[:3]]
    assert names == [
        "#0  languages::{impl#1}::speak",
        "#1  languages::dynamic",
        "#2  languages::main",
    ]


def test_a_trait_object_names_its_vtable() -> None:
    ours = debug(rust("O0"), ("break languages::dynamic", "c", "print speaker"))
    assert "<<languages::Dog as languages::Speak>::{vtable}>" in ours["print speaker"]


def test_names_local_to_main_and_functions_given_to_templates() -> None:
    commands = (
        *(
            "break main::Local::twice",
            "break main::$_0::operator()<double>",
            "break main::$_1::operator()",
        ),
        *(
            "break Caller<&Sink::add>::call",
            "c",
            "bt",
            "print F",
            "ptype F",
            "print F(3)",
            "print total",
        ),
        *(
            "break apply<&Sink::add>",
            "c",
            "print F",
            "c",
            "bt",
            "c",
            "bt",
            "c",
            "bt",
            "delete",
            "c",
        ),
    )
    ours = debug(cplusplus("O0", name="local_names"), commands)
    theirs = debug_natively(cplusplus("O0", native=True, name="local_names"), commands)
    check(
        ours, theirs, [command for command in commands if command[:5] in ("bt", "print", "ptype")]
    )
    assert "<Sink::add(int)>" in ours["print F"]
    assert ours["bt"].startswith("#0  main::Local::twice (this=")
    assert "exited normally" in ours["c"]
