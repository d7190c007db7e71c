"""Every numeric operator, on telling values, with its operands wherever they can be; beside Wasmtime."""

from itertools import product

import pytest

from jit.wasm.opcodes import OPS
from jit.wasm.types import VALTYPE_NAMES
from tests.unit.compile.oracle import Oracle, is_nan
from tests.unit.compile.running import DEBUG, PLAIN, instantiate, outcome

VALUES = {
    "i32": [0, 1, 2, 31, 32, 0x7F, 0x80, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF],
    "i64": [0, 1, 63, 64, 0x80, 0xFFFF_FFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 1],
    "f32": [
        *(0, 0x8000_0000, 0x3F80_0000, 0xBF00_0000, 0x4020_0000, 0x7F80_0000, 0xFF80_0000),
        *(0x7FC0_0000, 0xFFC0_1234, 0x7FA0_0001, 0x4F00_0000, 0xCF00_0000, 0x4EFF_FFFF),
        *(0x4F80_0000, 0x4F7F_FFFF, 0x5F00_0000, 0xDF00_0000, 0x5F80_0000, 0x5F7F_FFFF, 1),
        *(0xBF80_0000, 0x3FC0_0000, 0xCF00_0001, 0xDF00_0001),
    ],
    "f64": [
        *(0, 1 << 63, 0x3FF0_0000_0000_0000, 0xBFE0_0000_0000_0000, 0x4004_0000_0000_0000),
        *(0x7FF0_0000_0000_0000, 0xFFF0_0000_0000_0000, 0x7FF8_0000_0000_0000, 1),
        *(0x7FF4_0000_0000_0001, 0x41E0_0000_0000_0000, 0xC1E0_0000_0000_0000),
        *(0xC1E0_0000_0010_0000, 0xC1E0_0000_0020_0000, 0x41DF_FFFF_FFC0_0000),
        *(0x41F0_0000_0000_0000, 0x41EF_FFFF_FFFF_FFFF, 0x43E0_0000_0000_0000),
        *(0xC3E0_0000_0000_0000, 0xC3E0_0000_0000_0001, 0x43F0_0000_0000_0000),
        *(
            0x43EF_FFFF_FFFF_FFFF,
            0xBFF0_0000_0000_0000,
            0xBFEF_FFFF_FFFF_FFFF,
            0x7FEF_FFFF_FFFF_FFFF,
        ),
    ],
}

OPERATORS = sorted(
    op.mnemonic
    for op in OPS.values()
    if op.signature is not None
    and op.signature.params
    and op.signature.results
    and "." in op.mnemonic
    and "load" not in op.mnemonic
    and not op.mnemonic.startswith(("ref", "table", "memory"))
)
SIGNATURES = {
    op.mnemonic: (
        [VALTYPE_NAMES[code] for code in op.signature.params],
        VALTYPE_NAMES[op.signature.results[0]],
    )
    for op in OPS.values()
    if op.mnemonic in OPERATORS and op.signature is not None
}
FORMS = ("owned", "alias", "slot", "left_slot", "homes", "set", "constants")


def bits_of(type_: str) -> str:
    """The integer type that carries a type's bits."""
    return type_.replace("f", "i")


def typed(type_: str, text: str) -> str:
    """Read a float from its bits; an integer is what it is."""
    return f"({type_}.reinterpret_{bits_of(type_)} {text})" if type_[0] == "f" else text


def untyped(type_: str, text: str) -> str:
    """Read the bits of a value."""
    return f"({bits_of(type_)}.reinterpret_{type_} {text})" if type_[0] == "f" else text


def operand(form: str, type_: str, at: int) -> str:
    """An expression for parameter `at` in a form: made afresh, a copy, or spilled by a call in between."""
    if form == "alias":
        return f"(local.get $v{at})"
    return typed(type_, f"(local.get {at})")


def function(name: str, form: str) -> str:
    """A function of bits that applies an operator to its parameters."""
    types, result = SIGNATURES[name]
    params = "".join(f" (param {bits_of(type_)})" for type_ in types)
    values = "".join(f" (local $v{at} {type_})" for at, type_ in enumerate(types))
    sets = " ".join(
        f"(local.set $v{at} {typed(type_, f'(local.get {at})')})" for at, type_ in enumerate(types)
    )
    parts = [operand(form, type_, at) for at, type_ in enumerate(types)]
    if form == "slot":
        parts.append("(call $nothing)")
    elif form == "left_slot":
        parts.insert(1, "(call $nothing)")
    applied = f"{' '.join(parts)} {name}"
    if form in ("homes", "set"):
        copies = "".join(f" (local.get $v{at})" for at in range(len(types)))
        again = "(br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3)))"
        applied = (
            f"(loop $l {copies} {name} (local.set $r) {again}) (local.get $r)"
            if form == "homes"
            else f"{copies} {name} (local.tee $r) (local.set $q) (local.get $r) drop (local.get $q)"
        )
    return (
        f'(func (export "{form}"){params} (result {bits_of(result)}){values}'
        f" (local $n i32) (local $r {result}) (local $q {result})"
        f" {sets} {applied} {untyped(result, '')})"
    )


def constant(name: str, arguments: tuple[int, ...], which: int) -> str:
    """A function with some operands constant: bit `at` of `which` says whether operand `at` is."""
    types, result = SIGNATURES[name]
    parts = []
    for at, (type_, bits) in enumerate(zip(types, arguments, strict=True)):
        text = f"({bits_of(type_)}.const {bits})"
        parts.append(typed(type_, text) if which >> at & 1 else typed(type_, f"(local.get {at})"))
    params = "".join(f" (param {bits_of(type_)})" for type_ in types)
    return (
        f'(func (export "c{which}_{"_".join(map(str, arguments))}"){params}'
        f" (result {bits_of(result)}) {' '.join(parts)} {name} {untyped(result, '')})"
    )


def agree(type_: str, ours: list[int] | str, theirs: list[int] | str) -> bool:
    """Compare outcomes; a NaN is as good as any other that is quiet."""
    if isinstance(ours, list) and isinstance(theirs, list) and is_nan(type_, theirs[0]):
        quiet = 0x0040_0000 if type_ == "f32" else 0x0008_0000_0000_0000
        passes = "reinterpret" in type_
        return is_nan(type_, ours[0]) and (passes or bool(ours[0] & quiet))
    return ours == theirs


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_agrees_with_wasmtime(name: str) -> None:
    types, result = SIGNATURES[name]
    cases = list(product(*(VALUES[type_] for type_ in types)))
    forms = [form for form in FORMS if form != "constants"]
    text = "(module (func $nothing) " + " ".join(function(name, form) for form in forms) + ")"
    oracle = Oracle(text)
    exact = "reinterpret" in name or name.endswith((".abs", ".neg", ".copysign"))
    for tunables in (DEBUG, PLAIN):
        ours = instantiate(text, tunables)
        for arguments in cases:
            theirs = oracle.outcome("owned", arguments)
            for form in forms:
                got = outcome(ours, form, arguments)
                same = got == theirs if exact else agree(result, got, theirs)
                assert same, (form, [hex(a) for a in arguments], got, theirs)


@pytest.mark.parametrize("name", [n for n in OPERATORS if len(SIGNATURES[n][0]) == 2])
def test_an_operator_on_constants_agrees_with_wasmtime(name: str) -> None:
    types, result = SIGNATURES[name]
    cases = list(product(*(VALUES[type_][:14] for type_ in types)))
    exact = name.endswith(".copysign")
    text = "(module " + " ".join(constant(name, c, w) for c in cases for w in (1, 2, 3)) + ")"
    oracle, ours = Oracle(text), instantiate(text)
    for arguments in cases:
        for which in (1, 2, 3):
            export = f"c{which}_{'_'.join(map(str, arguments))}"
            theirs = oracle.outcome(export, arguments)
            got = outcome(ours, export, arguments)
            same = got == theirs if exact else agree(result, got, theirs)
            assert same, (which, [hex(a) for a in arguments], got, theirs)


FUSED = ("br_if", "if", "eqz", "and", "select", "float_select")
COMPARISONS = [
    n for n in OPERATORS if n.split(".")[1].split("_")[0] in "eq ne lt gt le ge eqz".split()
]


@pytest.mark.parametrize("name", COMPARISONS)
def test_a_fused_comparison_agrees_with_its_value(name: str) -> None:
    types, _ = SIGNATURES[name]
    params = "".join(f" (param {bits_of(type_)})" for type_ in types)
    test = " ".join(typed(t, f"(local.get {at})") for at, t in enumerate(types)) + f" {name}"
    yes_no = "(i32.const 1) (i32.const 0)"
    bodies = {
        "br_if": f"(block $b (br_if $b {test}) (return (i32.const 0))) (i32.const 1)",
        "if": f"{test} (if (result i32) (then (i32.const 1)) (else (i32.const 0)))",
        "eqz": f"(block $b (br_if $b {test} i32.eqz) (return (i32.const 1))) (i32.const 0)",
        "and": f"(block $b (br_if $b {test} i32.const 1 i32.and i32.eqz) (return (i32.const 1))) (i32.const 0)",
        "select": f"{yes_no} {test} select",
        "float_select": f"(f64.const 1) (f64.const 0) {test} select i32.trunc_f64_s",
        "value": test,
    }
    text = (
        "(module "
        + " ".join(
            f'(func (export "{form}"){params} (result i32) (local $n i32) {body})'
            for form, body in bodies.items()
        )
        + ")"
    )
    oracle, ours = Oracle(text), instantiate(text)
    for arguments in product(*(VALUES[type_] for type_ in types)):
        theirs = oracle.outcome("value", arguments)
        for form in (*FUSED, "value"):
            assert outcome(ours, form, arguments) == theirs, (form, arguments)
