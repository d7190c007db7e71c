"""Random modules of all ops, with values on the stack around everything: blocks, loops, branches, calls.

They end, whatever is written to their locals and operands: what goes back or calls again takes from a global.
"""

import random
from typing import NamedTuple

from jit.wasm.opcodes import OPS
from jit.wasm.types import F32, F64, I32, I64
from tests.unit.debug.arithmetic import LOADS, NUMERIC, STORES

NAMES = {I32: "i32", I64: "i64", F32: "f32", F64: "f64"}
REFERENCES = ("funcref", "externref")
NUMBERS = {
    "i32": "0 1 -1 2 7 8 31 255 256 65535 65536 -2147483648 2147483647 1234567".split(),
    "i64": "0 1 -1 3 63 4294967296 2147483648 -2147483648 -9223372036854775808 81985529216486895".split(),
    "f32": "0 -0 1 1.5 -3.25 0.5 1e10 3e-45 2147483648 inf nan:0x200001".split(),
    "f64": "0 -0 1 2.5 -7.125 1e300 4294967296 5e-324 -inf nan:0x4000000000001".split(),
}
SIGNATURES = {
    op.mnemonic: (
        [NAMES[type_] for type_ in op.signature.params],
        [NAMES[type_] for type_ in op.signature.results],
    )
    for op in OPS.values()
    if op.signature is not None and op.mnemonic in NUMERIC
}
TRAPPING = {name for name in NUMERIC if ".div_" in name or ".rem_" in name or ".trunc_f" in name}
"""Ops that may trap on their operands."""
NAN_BITS = {"i32.reinterpret_f32", "i64.reinterpret_f64", "f32.copysign", "f64.copysign", "f32.store", "f64.store"}  # fmt: skip
"""Ops by which the bits of a NaN, which are the machine's affair, come to matter."""
TABLE = 8
FUEL = 12


class Label(NamedTuple):
    """What a branch carries, and whether it goes back."""

    types: tuple[str, ...]
    loop: bool


class _Function:
    def __init__(self, program: "_Program", index: int) -> None:
        self.rng = program.rng
        self.program = program
        self.index = index
        self.params, self.results = program.signatures[index]
        self.locals = [self.type() for _ in range(self.rng.randrange(7))]
        self.types = [*self.params, *self.locals]
        self.stack: list[str] = []
        self.height = 0
        """How much of the stack belongs to blocks outside."""
        self.labels = [Label(tuple(self.results), False)]
        self.lines: list[str] = []
        self.dead = False
        self.budget = self.rng.randrange(10, 130)

    def type(self) -> str:
        return self.rng.choice(self.program.types)

    def emit(self, text: str, pop: int = 0, push: tuple[str, ...] | list[str] = ()) -> None:
        """Write an op that takes and gives operands."""
        self.lines.append(text)
        del self.stack[len(self.stack) - pop :]
        self.stack += push
        self.budget -= 1

    # Operands: `want` leaves values of these types on top, new ones or those that are there; `push` a new one.

    def want(self, types: tuple[str, ...] | list[str], depth: int = 2, new: bool = False) -> None:
        kept = 0
        if not new and self.rng.random() < 0.5:
            most = min(len(types), len(self.stack) - self.height)
            kept = next(
                n
                for n in range(most, -1, -1)
                if self.stack[len(self.stack) - n :] == list(types[:n])
            )
        for type_ in types[kept:]:
            self.push(type_, depth)

    def push(self, type_: str, depth: int) -> None:
        rng = self.rng
        if depth > 0 and self.budget > 0 and rng.random() < 0.5:
            makers = self.program.makers.get(type_, [])
            if makers and rng.random() < 0.75:
                self.numeric(rng.choice(makers), depth - 1, new=True)
            elif type_ not in REFERENCES:
                self.load(rng.choice([n for n in LOADS if n.startswith(type_)]), depth - 1)
            elif type_ == "externref":
                self.push(type_, 0)
            else:
                self.push("i32", depth - 1)
                self.emit(f"i32.const {TABLE - 1}\ni32.and\ntable.get 0", 1, ["funcref"])
            return
        known = [at for at, local in enumerate(self.types) if local == type_]
        if known and rng.random() < 0.65:
            self.emit(f"local.get {rng.choice(known)}", 0, [type_])
        elif rng.random() < 0.15:
            self.emit(f"global.get ${type_}", 0, [type_])
        elif type_ == "externref":
            self.emit("ref.null extern", 0, [type_])
        elif type_ == "funcref":
            function = rng.randrange(len(self.program.signatures))
            self.emit(rng.choice(["ref.null func", f"ref.func {function}"]), 0, [type_])
        else:
            self.emit(f"{type_}.const {rng.choice(NUMBERS[type_])}", 0, [type_])

    def numeric(self, name: str, depth: int, new: bool = False) -> None:
        params, results = SIGNATURES[name]
        self.want(params, depth, new)
        if name in TRAPPING and self.rng.random() < 0.9:
            if len(params) == 2:
                self.emit(f"{params[0]}.const 1\n{params[0]}.or")
            else:
                name = name.replace("trunc_", "trunc_sat_")
        self.emit(name, len(params), results)

    def address(self, depth: int) -> None:
        """Leave an address; sometimes that of a local, as it is."""
        known = [at for at, local in enumerate(self.types) if local == "i32"]
        if known and self.rng.random() < 0.3:
            at = self.rng.choice(known)
            if self.rng.random() < 0.5:
                self.emit(f"local.get {at}\ni32.const 0xfff8\ni32.and\nlocal.set {at}")
            self.emit(f"local.get {at}", 0, ["i32"])
            if self.rng.random() < 0.7:
                self.emit("i32.const 0x7ff8\ni32.and")
            return
        self.push("i32", depth)
        if self.rng.random() < 0.97:
            self.emit("i32.const 0x7fff\ni32.and")

    def offset(self) -> str:
        return self.rng.choice(["", " offset=1", " offset=8", " offset=100", " offset=32760"])

    def load(self, name: str, depth: int) -> None:
        self.address(depth)
        self.emit(name + self.offset(), 1, [name[:3]])

    # Statements.

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            if self.budget <= 0:
                return
            if self.dead:
                self.dead_op(depth)
            else:
                self.rng.choice(STATEMENTS)(self, depth)

    def dead_op(self, depth: int) -> None:
        self.emit(
            self.rng.choice(
                ["nop", "drop", "i32.add\ndrop", "i64.const 5\ndrop", "unreachable", "br 0",
                 "block (result f64)\nf64.const 1\nend\ndrop", "i32.load\ndrop", "if\nnop\nelse\nend",
                 "loop (result i32)\ni32.const 1\nend\ndrop", "global.get $i32\ndrop"]
            )
        )  # fmt: skip

    def some_numeric(self, depth: int) -> None:
        self.numeric(self.rng.choice(self.program.numeric), 2)

    def store(self, depth: int) -> None:
        name = self.rng.choice(self.program.stores)
        self.address(2)
        self.push(name[:3], 2)
        self.emit(name + self.offset(), 2)

    def set_local(self, depth: int) -> None:
        if not self.types:
            return
        at = self.rng.randrange(len(self.types))
        self.want([self.types[at]], 3)
        if self.rng.random() < 0.4:
            self.emit(f"local.tee {at}")
        else:
            self.emit(f"local.set {at}", 1)

    def set_global(self, depth: int) -> None:
        type_ = self.type()
        self.want([type_])
        self.emit(f"global.set ${type_}", 1)

    def leave_on_stack(self, depth: int) -> None:
        self.push(self.type(), 2)

    def drop(self, depth: int) -> None:
        if len(self.stack) > self.height:
            self.emit("drop", 1)

    def select(self, depth: int) -> None:
        type_ = self.type()
        self.want([type_, type_, "i32"])
        typed = type_ in REFERENCES or self.rng.random() < 0.2
        self.emit(f"select (result {type_})" if typed else "select", 3, [type_])

    def nop(self, depth: int) -> None:
        self.emit("nop")

    def block(self, depth: int) -> None:
        """A block, loop or if, that takes operands and leaves some."""
        if depth <= 0:
            return
        rng = self.rng
        kind = rng.choice(("block", "loop", "if", "if"))
        if kind == "if":
            self.want(["i32"])
            self.stack.pop()
        there = len(self.stack) - self.height
        params = self.stack[len(self.stack) - min(there, rng.randrange(3)) :] if there else []
        results = [self.type() for _ in range(rng.choice((0, 0, 1, 1, 2, 3)))]
        with_else = kind == "if" and (params != results or rng.random() < 0.5)
        header = f"{kind} (param {' '.join(params)}) (result {' '.join(results)})"
        self.lines.append(header)
        outside, before = self.height, list(self.stack)
        self.height = len(self.stack) - len(params)
        self.labels.append(Label(tuple(params if kind == "loop" else results), kind == "loop"))
        for arm in range(1 + with_else):
            if arm:
                self.lines.append("else")
                self.stack = list(before)
            self.statements(rng.randrange(5), depth - 1)
            if kind == "loop" and not self.dead:
                self.branch_back(0)
            self.finish(results)
        self.lines.append("end")
        self.labels.pop()
        self.stack = [*before[: self.height], *results]
        self.height = outside

    def finish(self, results: list[str]) -> None:
        """Leave exactly these on the stack of the block."""
        if self.dead:
            self.dead = False
            return
        if self.rng.random() < 0.3 and not self.labels[-1].loop:
            self.want(results)
            if self.stack[self.height :] == results:
                return
            self.emit("br 0")
        else:
            while self.stack[self.height :] != results[: len(self.stack) - self.height]:
                self.emit("drop", 1)
            for type_ in results[len(self.stack) - self.height :]:
                self.push(type_, 2)

    def alive(self) -> None:
        """Take from the global that all repetition takes from; leave whether there is any."""
        self.emit("global.get $fuel\ni32.const 1\ni32.sub\nglobal.set $fuel")
        self.emit("global.get $fuel\ni32.const 0\ni32.gt_s", 0, ["i32"])

    def branch_back(self, label: int) -> None:
        self.want(self.labels[-1 - label].types)
        self.alive()
        self.emit(f"br_if {label}", 1)

    def branch(self, depth: int) -> None:
        rng = self.rng
        label = rng.randrange(len(self.labels))
        types, loop = self.labels[-1 - label]
        if loop:
            self.branch_back(label)
            return
        self.want(types)
        kind = rng.randrange(8)
        if kind < 5:
            self.push("i32", 2)
            self.emit(f"br_if {label}", 1)
        elif kind == 5:
            self.table_branch(label)
        elif label == len(self.labels) - 1 and rng.random() < 0.5:
            self.emit("return")
            self.dead = True
        elif depth < 2:
            self.emit(f"br {label}")
            self.dead = True

    def table_branch(self, label: int) -> None:
        """A branch with a table: entry 0 goes forward, others may go back while that is allowed."""
        types = self.labels[-1 - label].types
        alike = [at for at, known in enumerate(reversed(self.labels)) if known.types == types]
        entries = [label, *self.rng.choices(alike, k=self.rng.randrange(5))]
        self.push("i32", 1)
        self.alive()
        self.emit("i32.mul", 2, ["i32"])
        self.emit(f"br_table {' '.join(map(str, entries))}")
        self.dead = True

    def unreachable(self, depth: int) -> None:
        if self.rng.random() < 0.1:
            self.emit("unreachable")
            self.dead = True

    def call(self, depth: int) -> None:
        """Call any function, itself too; or one of the table, which may be none."""
        callee = self.rng.randrange(len(self.program.signatures))
        params, results = self.program.signatures[callee]
        if self.rng.random() < 0.5 or callee <= self.index:
            self.alive()
            self.emit("i32.eqz\nif", 1)
            for type_ in self.results:
                self.push(type_, 0)
            self.emit("return\nend", len(self.results))
        self.want(params)
        if callee > self.index and self.rng.random() < 0.6:
            self.emit(f"call {callee}", len(params), results)
            return
        if callee <= self.index and self.rng.random() < 0.5:
            self.emit(f"call {callee}", len(params), results)
            return
        self.alive()
        self.emit("i32.eqz\nif", 1)
        for type_ in self.results:
            self.push(type_, 0)
        self.emit("return\nend", len(self.results))
        if self.rng.random() < 0.8:
            self.emit(f"i32.const {callee % TABLE}")
        else:
            self.emit(f"global.get $i32\ni32.const {TABLE - 1}\ni32.and")
        self.emit(f"call_indirect (type $t{callee})", len(params), results)

    def memory(self, depth: int) -> None:
        kind = self.rng.randrange(7)
        if kind == 0:
            self.emit("memory.size", 0, ["i32"])
        elif kind == 1:
            self.emit(f"i32.const {self.rng.choice((0, 1, 9))}\nmemory.grow", 0, ["i32"])
        elif kind == 2:
            self.emit("data.drop $passive")
        else:
            name = ("memory.fill", "memory.copy", "memory.init $passive", "memory.copy")[kind - 3]
            for most in ("0x3fff", "0x7" if "init" in name else "0x3fff", "0x7"):
                self.push("i32", 1)
                self.emit(f"i32.const {most}\ni32.and")
            self.emit(name, 3)

    def table(self, depth: int) -> None:
        if "funcref" not in self.program.types:
            return
        kind = self.rng.randrange(8)
        if kind == 0:
            self.emit("table.size 0", 0, ["i32"])
        elif kind == 1:
            self.push("funcref", 1)
            self.emit("i32.const 1\ntable.grow 0", 1, ["i32"])
        elif kind == 2:
            self.emit("elem.drop $passive")
        elif kind == 3:
            self.push("i32", 1)
            self.emit(f"i32.const {TABLE - 1}\ni32.and")
            self.push("funcref", 1)
            self.emit("table.set 0", 2)
        elif kind == 4:
            self.want([self.rng.choice(REFERENCES)])
            self.emit("ref.is_null", 1, ["i32"])
        else:
            second = "i32" if kind != 5 else "funcref"
            self.emit(f"i32.const {self.rng.randrange(TABLE)}", 0, ["i32"])
            if second == "funcref":
                self.push("funcref", 1)
            else:
                self.emit("i32.const 0", 0, ["i32"])
            self.emit(f"i32.const {self.rng.randrange(3)}", 0, ["i32"])
            self.emit(("table.fill 0", "table.copy 0 0", "table.init 0 $passive")[kind - 5], 3)

    def text(self) -> str:
        self.statements(self.rng.randrange(3, 14), 3)
        self.finish(self.results)
        header = (
            f'(func (export "f{self.index}") (type $t{self.index}) (local {" ".join(self.locals)})'
        )
        return "\n".join([header, *self.lines, ")"])


STATEMENTS = [
    _Function.some_numeric, _Function.some_numeric, _Function.store, _Function.store, _Function.set_local,
    _Function.set_local, _Function.set_local, _Function.set_global, _Function.leave_on_stack, _Function.leave_on_stack,
    _Function.drop, _Function.select, _Function.nop, _Function.block, _Function.block, _Function.block,
    _Function.branch, _Function.unreachable, _Function.call, _Function.call, _Function.memory, _Function.table,
]  # fmt: skip


class _Program:
    def __init__(self, seed: int, nan_bits: bool, references: bool) -> None:
        self.rng = rng = random.Random(seed)
        left_out = set() if nan_bits else NAN_BITS
        self.numeric = [name for name in SIGNATURES if name not in left_out]
        self.stores = [name for name in STORES if name not in left_out]
        self.makers: dict[str, list[str]] = {}
        for name in self.numeric:
            self.makers.setdefault(SIGNATURES[name][1][0], []).append(name)
        self.types = ["i32", "i32", "i32", "i64", "i64", "f32", "f64", "f64"]
        kinds = ["i32", "i64", "f32", "f64", "i32"]
        if references:
            self.types += REFERENCES
            kinds += REFERENCES
        self.signatures = [
            (
                [rng.choice(kinds) for _ in range(rng.choice((0, 1, 2, 3, 4, 13)))],
                [rng.choice(kinds) for _ in range(rng.choice((0, 1, 1, 2, 5)))],
            )
            for _ in range(rng.randrange(1, 5))
        ]

    def text(self) -> str:
        functions = [_Function(self, index).text() for index in range(len(self.signatures))]
        types = [
            f"(type $t{index} (func (param {' '.join(params)}) (result {' '.join(results)})))"
            for index, (params, results) in enumerate(self.signatures)
        ]
        names = " ".join(map(str, range(len(self.signatures))))
        return "\n".join(
            [
                "(module",
                *types,
                f"(memory 1 3) (table {TABLE} {TABLE + 3} funcref)",
                f"(global $fuel (mut i32) (i32.const {FUEL}))",
                "(global $i32 (mut i32) (i32.const 77)) (global $i64 (mut i64) (i64.const -5))",
                "(global $f32 (mut f32) (f32.const 0.25)) (global $f64 (mut f64) (f64.const 0.5))",
                "(global $funcref (mut funcref) (ref.func 0))",
                "(global $externref (mut externref) (ref.null extern))",
                f"(elem (i32.const 0) func {names}) (elem $passive func {names} 0 0 0)",
                r'(data (i32.const 64) "some bytes\ff\00\80\7f") (data $passive "0123456789abcdef")',
                *functions,
                ")",
            ]
        )


def random_program(seed: int, *, nan_bits: bool = True, references: bool = False) -> str:
    """Return the text of a module of functions f0, f1..., which call one another.

    `references`: some of its locals and operands are functions, and objects of the host's.
    """
    return _Program(seed, nan_bits, references).text()
