"""Agent expressions: what gdb 13 writes, every opcode, and what is refused."""

from dataclasses import dataclass, field

import pytest

from gdbstub.agent import (
    EvaluationError,
    ExpressionError,
    compile_command,
    compile_condition,
)
from gdbstub.agent.opcodes import BY_CODE, OPS
from gdbstub.target import Address, RegisterNumber, TargetError, unreadable

TOP = (1 << 64) - 1


@dataclass
class FakeReader:
    """Registers and sparse memory."""

    registers: dict[int, int] = field(default_factory=dict)
    bytes: dict[int, int] = field(default_factory=dict)

    def register(self, number: RegisterNumber) -> int:
        return self.registers[number]

    def memory(self, address: Address, length: int) -> bytes:
        try:
            return bytes(self.bytes[address + index] for index in range(length))
        except KeyError:
            raise unreadable(address, length) from None

    def store(self, address: int, data: bytes) -> None:
        self.bytes |= {address + index: byte for index, byte in enumerate(data)}


def evaluate(code: str, reader: FakeReader | None = None, bits: int = 64) -> int:
    return compile_condition(bytes.fromhex(code), bits)(reader or FakeReader())


def const(value: int) -> str:
    return f"25{value & TOP:016x}"


# fmt: off
BINARY = [
    # opcode, a, b, result as C has it on 64 bits
    ("02", TOP, 1, 0), ("03", 0, 1, TOP), ("04", 1 << 63, 2, 0),
    ("05", -7, 2, -3), ("05", 7, -2, -3), ("06", TOP, 2, TOP >> 1),
    ("07", -7, 2, -1), ("07", 7, -2, 1), ("08", TOP, 10, TOP % 10),
    ("09", 1, 63, 1 << 63), ("09", 1, 64, 0), ("0a", -8, 1, -4), ("0a", -8, 200, -1), ("0b", -1, 63, 1),
    ("0b", -1, 64, 0), ("0f", 12, 10, 8), ("10", 12, 10, 14), ("11", 12, 10, 6),
    ("13", 5, 5, 1), ("13", 5, 6, 0), ("14", -1, 0, 1), ("14", 0, -1, 0), ("15", -1, 0, 0), ("15", 0, -1, 1),
]
UNARY = [
    ("0e", 0, 1), ("0e", 7, 0), ("12", 0, TOP), ("1608", 0x80, TOP - 127), ("1640", -2, TOP - 1),
    ("1620", 0x7FFFFFFF, 0x7FFFFFFF), ("2a08", 0x1FF, 0xFF), ("2a40", -1, TOP), ("2a01", 3, 1),
]
STACK = [
    # code, top of the stack at the end
    ("220122022803" "27", 0),            # 1 2 dup sub
    ("220122022927", 1),                 # 1 2 pop
    ("220122022b27", 1),                 # 1 2 swap
    ("220122022203320227", 1),           # 1 2 3 pick 2
    ("220122022203320027", 3),           # 1 2 3 pick 0
    ("2201220222033327", 2),             # 1 2 3 rot: 3 1 2
    ("22012202220333292927", 3),
    ("23123427", 0x1234), ("241234567827", 0x12345678), ("25123456789abcdef027", 0x123456789ABCDEF0),
]
# fmt: on


@pytest.mark.parametrize(("op", "a", "b", "result"), BINARY)
def test_binary(op: str, a: int, b: int, result: int) -> None:
    assert evaluate(const(a) + const(b) + op + "27") == result & TOP
    reader = FakeReader({1: a & TOP, 2: b & TOP})
    assert evaluate("260001260002" + op + "27", reader) == result & TOP


@pytest.mark.parametrize(("op", "a", "result"), UNARY)
def test_unary(op: str, a: int, result: int) -> None:
    assert evaluate(const(a) + op + "27") == result
    assert evaluate("260001" + op + "27", FakeReader({1: a & TOP})) == result


@pytest.mark.parametrize(("code", "result"), STACK)
def test_stack(code: str, result: int) -> None:
    assert evaluate(code) == result


def test_conditional_expression() -> None:
    # reg 1 | if_goto 11 | const8 5 | goto 13 | const8 6 | end
    code = "26000120000b220521000d220627"
    assert evaluate(code, FakeReader({1: 1})) == 6
    assert evaluate(code, FakeReader({1: 0})) == 5


def test_values_below_survive_a_jump() -> None:
    # 7, 8 swapped | reg 1 | if_goto 14 | dup add const8 0 add | sub | end
    code = "220722082b26000120001028022200020327"
    assert evaluate(code, FakeReader({1: 1})) == 1
    assert evaluate(code, FakeReader({1: 0})) == (8 - 14) & TOP


def test_both_clauses_as_gdb_writes_them() -> None:
    """`if n == 3 && m` of gdb 13: log_not, if_goto to a constant, and so on."""
    # reg 1 | const8 3 | equal | log_not | if_goto 20 | reg 2 | log_not | if_goto 20 | 1 | end | 0 | end
    code = "2600012203130e2000142600020e200014220127220027"
    assert [evaluate(code, FakeReader({1: n, 2: m})) for n, m in ((3, 1), (3, 0), (2, 1))] == [
        1,
        0,
        0,
    ]


FIB_N_3 = "26000622100222d01608021922080219162022031327"


@pytest.mark.parametrize("n", [2, 3])
def test_condition_of_gdb_13(n: int) -> None:
    """`break fib if n == 3` on a frame at 0xf0000000: the address comes out sign-extended."""
    reader = FakeReader({6: 0xF0000000 - 0x10 + 0x30})
    reader.store(0xF0000000 - 0x10 + 0x30 + 16 - 48, (0xF0000100).to_bytes(4, "little"))
    reader.store(0xF0000108, n.to_bytes(4, "little"))
    assert evaluate(FIB_N_3, reader, bits=32) == (n == 3)


def test_references_are_little_endian_and_masked() -> None:
    reader = FakeReader()
    reader.store(0xF0000000, bytes(range(1, 9)))
    address = "24f00000001620"
    values = [evaluate(address + ref + "27", reader, bits=32) for ref in ("17", "18", "19", "1a")]
    assert values == [0x01, 0x0201, 0x04030201, 0x0807060504030201]


def test_unreadable_memory_is_the_readers_error() -> None:
    with pytest.raises(TargetError, match="no memory at 0x10, length 4"):
        evaluate("22101927")


@pytest.mark.parametrize("op", ["05", "06", "07", "08"])
def test_division_by_zero(op: str) -> None:
    with pytest.raises(EvaluationError, match="division by zero"):
        evaluate("22012200" + op + "27")


# fmt: off
REFUSED = [
    ("", "runs past its end"),
    ("2201", "runs past its end"),
    ("27", "offset 0: ends without a value"),
    ("0227", "offset 0: add needs 2 values, the stack has 0"),
    ("2201322827", "pick needs 41 values"),
    ("2201320127", "pick needs 2 values"),
    ("ff27", "offset 0: unknown opcode 0xff"),
    ("3127", "unknown opcode 0x31"),
    ("22", "const8 is cut off"),
    ("25000000", "const64 is cut off"),
    ("2200160027", "ext from 0 bits"),
    ("22002a4127", "zero_ext from 65 bits"),
    ("2201" "200000" "2201" "27", "offset 2: jumps back to 0"),
    ("210004" "22012227" "27", "jumps to 4, where no operation starts"),
    ("210100" "220127", "jumps to 256, where no operation starts"),
    ("2201" "2201" "200009" "2205" "27", "offset 9 is reached with"),
    ("28" * 3 + "27", "dup needs 1 values"),
    ("2200" + "28" * 100 + "27", "more than 100 values"),
    ("220122010c27", "trace collects trace data"),
    ("2c000127", "trace state variable"),
    ("22001b27", "ref_float works on floating-point"),
    ("2200" "2200" "34000003256400" "27", "printf in a condition"),
    ("22012734", "printf is cut off"),
]
# fmt: on


@pytest.mark.parametrize(("code", "text"), REFUSED)
def test_refused(code: str, text: str) -> None:
    with pytest.raises(ExpressionError, match=text):
        compile_condition(bytes.fromhex(code), 64)


def test_an_expression_is_compiled_once() -> None:
    code = bytes.fromhex(FIB_N_3)
    assert compile_condition(code, 32) is compile_condition(bytes(code), 32)
    assert compile_condition(code, 32) is not compile_condition(code, 64)


def test_too_long() -> None:
    with pytest.raises(ExpressionError, match="at most 65535"):
        compile_condition(b"\x22\x00\x29" * 30_000 + b"\x22\x00\x27", 64)


@pytest.mark.parametrize("op", [op for op in OPS if not op.refused], ids=lambda op: op.name)
def test_every_opcode_is_found_by_its_code(op: object) -> None:
    assert BY_CODE[op.code] is op  # type: ignore[attr-defined]


def printf(arguments: list[int], format_: str) -> bytes:
    pushes = b"".join(b"\x25" + (a & TOP).to_bytes(8, "big") for a in reversed(arguments))
    text = format_.encode() + b"\0"
    call = bytes((0x34, len(arguments))) + len(text).to_bytes(2, "big") + text
    return pushes + b"\x22\x00\x22\x00" + call + b"\x27"


# fmt: off
PRINTED = [
    ([], "plain 100%%\n", "plain 100%\n"),
    ([], r"\"tab\t\\\n", '"tab\t\\\n'),
    ([3, -4], "at %d, %d\n", "at 3, -4\n"),
    ([-1, -1, -1], "%u %lu %llu", "4294967295 4294967295 18446744073709551615"),
    ([0x1FF, 0x1FF], "%hhd %hx", "-1 1ff"),
    ([255, 255, 255, 8], "%x %#X %5.3x|%o", "ff 0XFF   0ff|10"),
    ([65, 0x1000, 0x2000], "%c %p %s", "A 0x1000 hello"),
    ([-2], "%ld", "-2"),
    ([0x2000], "<%8s>", "<   hello>"),
    ([0x2000], "<%.2s>", "<he>"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "format_", "text"), PRINTED)
def test_printf(arguments: list[int], format_: str, text: str) -> None:
    reader = FakeReader()
    reader.store(0x2000, b"hello\0")
    assert compile_command(printf(arguments, format_), 32)(reader) == text


# fmt: off
BAD_FORMATS = [
    (printf([1], "%f"), "the format has %f"),
    (printf([1], "%n"), "the format has %n"),
    (printf([1], "plain"), "the format takes 0 arguments, printf has 1"),
    (printf([1], "%10000d"), "a field of 10000 characters"),
    (printf([], r"\q"), r"unknown escape \\q"),
    (printf([], "\\"), "unknown escape"),
    (printf([], "%"), "the format ends within a conversion"),
    (b"\x22\x00\x22\x00\x34\x00\x00\x01A\x27", "is not terminated"),
    (b"\x34\x00\x00\x01\x00\x27", "printf needs 2 values"),
]
# fmt: on


@pytest.mark.parametrize(("code", "text"), BAD_FORMATS)
def test_bad_format(code: bytes, text: str) -> None:
    with pytest.raises(ExpressionError, match=text):
        compile_command(code, 32)
