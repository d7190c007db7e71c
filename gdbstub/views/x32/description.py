"""The registers gdb is shown: one table, and the target description made of it.

The numbers are gdb's own for i386:x64-32 (features org.gnu.gdb.i386.core and .sse, GDB manual,
"Standard Target Features").  rip is a 32-bit code pointer so that `print $pc` names the function; rbp, rsp
and fs are 32-bit pointers so that 4 bytes are enough to keep each: fs is where the frame's link is;
the sse feature is always there, because gdb 13 aborts on `finish` from a function returning double
without it; the linux feature, because gdb takes the machine for one without an operating system
otherwise, which has neither system calls to catch nor processes to tell of.
"""

from __future__ import annotations

from typing import NamedTuple

RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP = range(8)
R8, R9, R10, R11, R12, R13, R14, R15 = range(8, 16)
RIP = 16
EFLAGS = 17
CS, SS = 18, 19
FS = 22
ST0 = 24
FCTRL = 32
XMM0 = 40
XMM1 = 41
MXCSR = 56
ORIG_RAX = 57


class Register(NamedTuple):
    """One register of the description; its number is its place in `REGISTERS`."""

    name: str
    size: int
    type: str
    feature: str
    group: str = ""


_CORE = "org.gnu.gdb.i386.core"
_SSE = "org.gnu.gdb.i386.sse"
_LINUX = "org.gnu.gdb.i386.linux"

_GENERAL = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi")
_NUMBERED = tuple(f"r{number}" for number in range(8, 16))
_SEGMENTS = ("cs", "ss", "ds", "es")
_FPU = ("fctrl", "fstat", "ftag", "fiseg", "fioff", "foseg", "fooff", "fop")

REGISTERS: tuple[Register, ...] = (
    *(Register(name, 8, "int64", _CORE) for name in _GENERAL),
    Register("rbp", 4, "data_ptr", _CORE),
    Register("rsp", 4, "data_ptr", _CORE),
    *(Register(name, 8, "int64", _CORE) for name in _NUMBERED),
    Register("rip", 4, "code_ptr", _CORE),
    Register("eflags", 4, "i386_eflags", _CORE),
    *(Register(name, 4, "int32", _CORE) for name in _SEGMENTS),
    Register("fs", 4, "data_ptr", _CORE),
    Register("gs", 4, "int32", _CORE),
    *(Register(f"st{number}", 10, "i387_ext", _CORE) for number in range(8)),
    *(Register(name, 4, "int", _CORE, "float") for name in _FPU),
    *(Register(f"xmm{number}", 16, "vec128", _SSE) for number in range(16)),
    Register("mxcsr", 4, "i386_mxcsr", _SSE, "vector"),
    Register("orig_rax", 8, "int64", _LINUX, "system"),
)

OFFSETS: tuple[int, ...] = tuple(
    sum(register.size for register in REGISTERS[:number]) for number in range(len(REGISTERS))
)
"""Where each register lies in a `g` packet, in bytes."""

G_SIZE = OFFSETS[-1] + REGISTERS[-1].size


class _Field(NamedTuple):
    name: str
    bit: int


# fmt: off
_EFLAGS = (
    _Field("CF", 0), _Field("", 1), _Field("PF", 2), _Field("AF", 4), _Field("ZF", 6),
    _Field("SF", 7), _Field("TF", 8), _Field("IF", 9), _Field("DF", 10), _Field("OF", 11),
    _Field("NT", 14), _Field("RF", 16), _Field("VM", 17), _Field("AC", 18), _Field("VIF", 19),
    _Field("VIP", 20), _Field("ID", 21),
)
_MXCSR = (
    _Field("IE", 0), _Field("DE", 1), _Field("ZE", 2), _Field("OE", 3), _Field("UE", 4),
    _Field("PE", 5), _Field("DAZ", 6), _Field("IM", 7), _Field("DM", 8), _Field("ZM", 9),
    _Field("OM", 10), _Field("UM", 11), _Field("PM", 12), _Field("FZ", 15),
)
_VECTORS = (
    # id      element       count  member of vec128
    ("v4f",   "ieee_single", 4,    "v4_float"),
    ("v2d",   "ieee_double", 2,    "v2_double"),
    ("v16i8", "int8",        16,   "v16_int8"),
    ("v8i16", "int16",       8,    "v8_int16"),
    ("v4i32", "int32",       4,    "v4_int32"),
    ("v2i64", "int64",       2,    "v2_int64"),
)
# fmt: on


def target_xml() -> bytes:
    """Return the `target.xml` document."""
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
        '<target version="1.0">',
        "<architecture>i386:x64-32</architecture>",
        "<osabi>GNU/Linux</osabi>",
        *_feature(_CORE, _flags("i386_eflags", _EFLAGS)),
        *_feature(_SSE, [*_vector_types(), *_flags("i386_mxcsr", _MXCSR)]),
        *_feature(_LINUX, []),
        "</target>",
    ]
    return "\n".join(lines).encode("ascii")


def _feature(name: str, types: list[str]) -> list[str]:
    registers = [
        _register(number, register)
        for number, register in enumerate(REGISTERS)
        if register.feature == name
    ]
    return [f'<feature name="{name}">', *types, *registers, "</feature>"]


def _register(number: int, register: Register) -> str:
    group = f' group="{register.group}"' if register.group else ""
    return (
        f'<reg name="{register.name}" bitsize="{8 * register.size}" type="{register.type}"'
        f' regnum="{number}"{group}/>'
    )


def _flags(name: str, fields: tuple[_Field, ...]) -> list[str]:
    return [
        f'<flags id="{name}" size="4">',
        *(
            f'<field name="{field.name}" start="{field.bit}" end="{field.bit}"/>'
            for field in fields
        ),
        "</flags>",
    ]


def _vector_types() -> list[str]:
    vectors = [
        f'<vector id="{name}" type="{element}" count="{count}"/>'
        for name, element, count, _ in _VECTORS
    ]
    members = [f'<field name="{member}" type="{name}"/>' for name, _, _, member in _VECTORS]
    return [
        *vectors,
        '<union id="vec128">',
        *members,
        '<field name="uint128" type="uint128"/>',
        "</union>",
    ]
