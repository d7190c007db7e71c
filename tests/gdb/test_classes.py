"""Values of every class C has, printed, examined, set, finished with and returned: as native gdb does it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.gdb.session import debug, debug_natively, plain
from tests.guests.build import Guest
from tests.guests.fixtures import Builder

HERE = Path(__file__).parent
KEEP = ("-Wl,--no-gc-sections",)
GETTERS = re.findall(r"(get_\w+)\(void\) {", (HERE / "classes.c").read_text())
OPTS = ("O0", "O1", "O2")


def program(guest: Builder, opt: str) -> Guest:
    """Give the program of this file, for our server."""
    return guest("classes", opt, flags=KEEP, folder=HERE)


def values(text: str) -> str:
    """Return gdb's text without addresses and without the marks of table slots."""
    return re.sub(r"\.tab\d+", "", plain(text))


READ = (
    *("print a_char", "print a_byte", "print a_ubyte", "print a_short", "print a_ushort"),
    *("print an_int", "print an_uint", "print a_long", "print an_ulong", "print a_float"),
    *("print a_double", "print a_quad", "print a_bool", "print a_color", "print a_point"),
    *("print some_bits", "print some_floats", "print some_letters", "print a_one"),
    *("print a_large", "print an_union", "print an_array", "print a_matrix", "print a_text"),
    *("print *head", "print head->next->name", "print an_operation", "print operations"),
    *("print *an_operation", "print/x some_bits", "print/x an_array", "print/t a_ubyte"),
    *("print/o a_short", "print/c an_int", "print/d a_char", "print/a add", "print/f an_int"),
    *("print an_array[1]@3", "print *an_array@2", "print &an_array[2]", "print a_matrix[1]"),
    *("print sizeof(some_bits)", "print sizeof(a_large)", "print a_quad * 2", "print a_long / 3"),
    *(
        "print a_float + a_double",
        "print an_array[4] > 3 && a_bool",
        "print -a_byte",
        "print ~an_int",
    ),
    *("print operations[1](6, 7)", "print an_operation(1, 2)", "output a_point"),
    *("x/5dw an_array", "x/2gx &a_long", "x/s a_text", "x/3c a_text", "x/fg &a_double"),
    *("x/fw &a_float", "x/4xb &an_union", "x/2dh &a_short", "x/2s &some_letters"),
    *("ptype some_bits", "ptype an_union", "ptype an_operation", "ptype struct large"),
    *("whatis a_matrix", "whatis operations", "whatis &a_point", "whatis a_text[0]"),
    'printf "%d %s %.2f %c %lld\\n", an_int, a_text, a_double, a_char, a_long',
)


@pytest.mark.parametrize("opt", OPTS)
def test_they_are_shown(guest: Builder, native_twin: Builder, opt: str) -> None:
    commands = ["break get_char", "continue", *READ]
    ours = debug(program(guest, opt), commands)
    theirs = debug_natively(native_twin("classes", "O0", folder=HERE), commands)
    for command in READ:
        assert values(ours[command]) == values(theirs[command]), command


WRITTEN = (
    *("a_char = 'q'", "a_byte = -128", "a_ubyte = 255", "a_short = -30000", "a_ushort = 1"),
    *("an_int = -1", "an_uint = 0x80000000", "a_long = -2", "an_ulong = 0x8000000000000001"),
    *("a_float = 3.75", "a_double = -0.5", "a_quad = 7.5", "a_bool = 0", "a_color = BLUE"),
    *("a_point = a_point", "a_point.y = 8", "some_bits.a = 6", "some_bits.b = -1"),
    *("some_bits.d = 0x7fffffffff", "some_floats.b = 0.125", "some_letters.c[1] = 'Z'"),
    *("a_one.s = 77", "a_large.a[3] = 44", "a_large.d = 1e100", "an_union.f = 2.5"),
    *("an_array[2] = 99", "a_matrix[1][2] = 66", 'a_text = "newer"', "head = &second"),
    *("head->val = 22", "an_operation = mul", "operations[0] = mul"),
)


def test_they_are_set(guest: Builder, native_twin: Builder) -> None:
    names = dict.fromkeys(re.split(r"[ .\[-]", text)[0] for text in WRITTEN)
    asked = [f"print {name}" if name != "head" else "print *head" for name in names]
    asked += ["print an_operation(6, 7)", "print operations[0](6, 7)"]
    commands = ["break get_char", "continue", *(f"set var {text}" for text in WRITTEN), *asked]
    ours = debug(program(guest, "O0"), commands)
    theirs = debug_natively(native_twin("classes", "O0", folder=HERE), commands)
    for command in asked:
        assert values(ours[command]) == values(theirs[command]), command
    assert not any(ours[f"set var {text}"] for text in WRITTEN)


@pytest.mark.parametrize("opt", OPTS)
def test_functions_that_return_them_are_finished(
    guest: Builder, native_twin: Builder, opt: str
) -> None:
    commands = [part for name in GETTERS for part in (f"tbreak {name}", "continue", "finish")]
    ours = debug(program(guest, opt), commands)
    theirs = debug_natively(native_twin("classes", "O0", folder=HERE), commands)
    shown = [values(text).splitlines()[-1] for text in ours.all("finish")]
    expected = [values(text).splitlines()[-1] for text in theirs.all("finish")]
    assert shown[:-1] == expected[:-1]
    assert len(shown) == 22 and all("Value returned" in text for text in shown[:-1])


RETURNED = (
    # function, what is returned, what check() gets then
    ("get_char", "(char) 'q'", 113),
    ("get_byte", "(signed char) -7", -7),
    ("get_ubyte", "(unsigned char) 250", 250),
    ("get_short", "(short) -7", -7),
    ("get_ushort", "(unsigned short) 65000", 65000),
    ("get_int", "-123456", -123456),
    ("get_uint", "3000000000", 3000000000),
    ("get_long", "-1234567890123", -1234567890123),
    ("get_ulong", "0x8000000000000001", -(2**63) + 1),
    ("get_float", "2.5", 20),
    ("get_double", "-3.25", -26),
    ("get_bool", "0", 0),
    ("get_color", "BLUE", 6),
    ("get_point", "a_point", 3004),
    ("get_letters", "some_letters", 979899),
    ("get_one", "a_one", -9),
    ("get_union", "an_union", 0x3F800000),
    ("get_text", "head->next->name", ord("t")),
    ("get_operation", "mul", 42),
)


@pytest.mark.parametrize("opt", OPTS)
def test_they_are_returned(guest: Builder, opt: str) -> None:
    """Small integers extended, a function as its slot in the table: the caller takes them as they are."""
    commands = [
        part
        for name, value, _ in RETURNED
        for part in (f"tbreak {name}", "c", f"return {value}", "tbreak check", "c", "print sum")
    ]
    said = debug(program(guest, opt), [*commands, "c"])
    got = [int(text.split(" = ")[1]) for text in said.all("print sum")]
    assert got == [expected for _, _, expected in RETURNED]
    assert "exited normally" in said["c"]
