"""Random modules that end: structured code over all number types, calls, memory, dead code."""

import random

TYPES = ("i32", "i64", "f32", "f64")
BINARY = {
    "i32": "add sub mul and or xor shl shr_u shr_s rotl rotr".split(),
    "i64": "add sub mul and or xor shl shr_u shr_s rotl".split(),
    "f32": "add sub mul".split(),
    "f64": "add sub mul".split(),
}
TRAPPING = ("div_s", "div_u", "rem_s", "rem_u")
UNARY = {
    "i32": ["i32.clz", "i32.ctz", "i32.popcnt", "i32.eqz"],
    "i64": ["i64.clz", "i64.ctz"],
    "f32": ["f32.neg", "f32.abs"],
    "f64": ["f64.neg", "f64.abs"],
}
COMPARE = {
    "i32": "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(),
    "i64": "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(),
    "f32": "eq ne lt gt le ge".split(),
    "f64": "eq ne lt gt le ge".split(),
}
CONVERT = {
    "i32": [("i32.wrap_i64", "i64")],
    "i64": [("i64.extend_i32_s", "i32"), ("i64.extend_i32_u", "i32")],
    "f32": [("f32.convert_i32_s", "i32"), ("f32.demote_f64", "f64")],
    "f64": [("f64.convert_i32_s", "i32"), ("f64.convert_i64_s", "i64"), ("f64.promote_f32", "f32")],
}
NUMBERS = {
    "i32": ["0", "1", "-1", "2", "7", "255", "65536", "-2147483648", "2147483647", "1234567"],
    "i64": ["0", "1", "-1", "3", "4294967296", "-9223372036854775808", "81985529216486895"],
    "f32": ["0", "-0", "1", "1.5", "-3.25", "1e10", "inf", "nan"],
    "f64": ["0", "-0", "1", "2.5", "-7.125", "1e300", "-inf", "nan"],
}


class _Function:
    def __init__(
        self, rng: random.Random, index: int, signatures: list[tuple[list[str], list[str]]]
    ) -> None:
        self.rng = rng
        self.index = index
        self.signatures = signatures
        self.params, self.results = signatures[index]
        self.locals = [rng.choice(TYPES) for _ in range(rng.randrange(6))]
        self.types = [*self.params, *self.locals]
        self.counters = len(self.types)
        self.lines: list[str] = []
        self.labels: list[tuple[str, ...]] = [tuple(self.results)]
        """What a branch to each enclosing label carries, innermost last; None would be a loop."""

    def emit(self, text: str) -> None:
        self.lines.append(text)

    def constant(self, type_: str) -> None:
        self.emit(f"{type_}.const {self.rng.choice(NUMBERS[type_])}")

    def expression(self, type_: str, depth: int) -> None:
        rng = self.rng
        local = [at for at, known in enumerate(self.types) if known == type_]
        if depth <= 0 or rng.random() < 0.25:
            if local and rng.random() < 0.7:
                self.emit(f"local.get {rng.choice(local)}")
            elif type_ in ("i32", "f64") and rng.random() < 0.2:
                self.emit(f"global.get ${type_}")
            else:
                self.constant(type_)
            return
        kind = rng.randrange(11)
        if kind <= 2:
            self.expression(type_, depth - 1)
            self.expression(type_, depth - 1)
            trapping = type_ in ("i32", "i64") and rng.random() < 0.06
            self.emit(f"{type_}.{rng.choice(TRAPPING if trapping else BINARY[type_])}")
        elif kind == 3:
            op = rng.choice(UNARY[type_])
            self.expression(type_, depth - 1)
            self.emit(op)
        elif kind == 4:
            op, source = rng.choice(CONVERT[type_])
            self.expression(source, depth - 1)
            self.emit(op)
        elif kind == 5 and type_ == "i32":
            other = rng.choice(TYPES)
            self.expression(other, depth - 1)
            self.expression(other, depth - 1)
            self.emit(f"{other}.{rng.choice(COMPARE[other])}")
        elif kind == 6 and type_ in ("i32", "i64"):
            self.address(depth - 1)
            self.emit(
                rng.choice(
                    {"i32": ["i32.load", "i32.load8_u"], "i64": ["i64.load", "i64.load16_s"]}[type_]
                )
            )
        elif kind == 7:
            self.emit(f"block (result {type_})")
            self.labels.append((type_,))
            self.expression(type_, depth - 1)
            if rng.random() < 0.6:
                self.expression("i32", depth - 1)
                self.emit("br_if 0")
            if rng.random() < 0.2:
                self.emit("br 0")
                self.expression(type_, 0)
            self.labels.pop()
            self.emit("end")
        elif kind == 8:
            self.expression("i32", depth - 1)
            self.emit(f"if (result {type_})")
            self.labels.append((type_,))
            self.expression(type_, depth - 1)
            self.emit("else")
            self.expression(type_, depth - 1)
            self.labels.pop()
            self.emit("end")
        elif kind == 9 and local:
            self.expression(type_, depth - 1)
            self.emit(f"local.tee {rng.choice(local)}")
        elif kind == 10:
            self.call(type_, depth)
        else:
            self.expression(type_, depth - 1)
            self.expression(type_, depth - 1)
            self.expression("i32", depth - 1)
            self.emit("select")

    def address(self, depth: int) -> None:
        self.expression("i32", depth)
        self.emit(f"i32.const {0x1FFFF if self.rng.random() < 0.02 else 0xFFF}")
        self.emit("i32.and")

    def call(self, type_: str, depth: int) -> None:
        """Call a later function and leave one value of the type."""
        later = range(self.index + 1, len(self.signatures))
        fitting = [at for at in later if self.signatures[at][1][:1] == [type_]]
        if not fitting:
            self.expression(type_, depth - 1)
            return
        callee = self.rng.choice(fitting)
        params, results = self.signatures[callee]
        for param in params:
            self.expression(param, depth - 2)
        self.emit(f"call {callee}")
        for _ in results[1:]:
            self.emit("drop")

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        rng = self.rng
        kind = rng.randrange(12)
        settable = [at for at, type_ in enumerate(self.types) if type_ != "counter"]
        if kind <= 3 and settable:
            at = rng.choice(settable)
            self.expression(self.types[at], 3)
            self.emit(f"local.set {at}")
        elif kind == 4:
            type_ = rng.choice(("i32", "i64"))
            self.address(2)
            self.expression(type_, 2)
            self.emit(f"{type_}.store")
        elif kind == 5:
            type_ = rng.choice(("i32", "f64"))
            self.expression(type_, 2)
            self.emit(f"global.set ${type_}")
        elif kind == 6 and depth > 0:
            self.expression("i32", 2)
            self.emit("if")
            self.labels.append(())
            self.statements(2, depth - 1)
            if rng.random() < 0.5:
                self.emit("else")
                self.statements(1, depth - 1)
            self.labels.pop()
            self.emit("end")
        elif kind in (7, 8) and depth > 0:
            self.loop(depth)
        elif kind == 9 and depth > 0:
            self.emit("block")
            self.labels.append(())
            self.statements(1, depth - 1)
            self.leave()
            self.statements(1, depth - 1)
            self.labels.pop()
            self.emit("end")
        elif kind == 10:
            self.emit("nop")
        else:
            self.expression(rng.choice(TYPES), 3)
            self.emit("drop")

    def leave(self) -> None:
        """Leave the block around, perhaps for good."""
        kind = self.rng.randrange(5)
        if kind == 0:
            self.emit("br 0")
        elif kind == 1:
            self.expression("i32", 1)
            self.emit("br_table 0 0 0")
        elif kind == 2 and self.rng.random() < 0.3:
            for type_ in self.results:
                self.expression(type_, 1)
            self.emit("return")
        else:
            self.expression("i32", 2)
            self.emit("br_if 0")

    def loop(self, depth: int) -> None:
        """A loop that is left after a few rounds, whatever is written to its counter."""
        counter = len(self.types)
        self.types.append("counter")
        self.emit(f"i32.const {self.rng.randrange(1, 5)}\nlocal.set {counter}")
        self.emit("loop")
        self.labels.append(())
        self.statements(2, depth - 1)
        self.emit(f"local.get {counter}\ni32.const 1\ni32.sub\nlocal.tee {counter}")
        self.emit("i32.const 0\ni32.gt_s\nbr_if 0")
        self.labels.pop()
        self.emit("end")

    def text(self) -> str:
        self.statements(self.rng.randrange(1, 5), 2)
        for type_ in self.results:
            self.expression(type_, 3)
        declared = ["i32" if type_ == "counter" else type_ for type_ in self.types]
        params = " ".join(declared[: len(self.params)])
        rest = " ".join(declared[len(self.params) :])
        header = f'(func (export "f{self.index}") (param {params}) (result {" ".join(self.results)}) (local {rest})'
        return "\n".join([header, *self.lines, ")"])


def random_module(seed: int) -> str:
    """Return the text of a module whose functions f0, f1... call later ones only."""
    rng = random.Random(seed)
    signatures = [
        (
            [rng.choice(TYPES) for _ in range(rng.randrange(5))],
            [rng.choice(TYPES) for _ in range(rng.randrange(3))],
        )
        for _ in range(rng.randrange(1, 5))
    ]
    functions = [_Function(rng, index, signatures).text() for index in range(len(signatures))]
    return "\n".join(
        [
            "(module (memory 1)",
            "(global $i32 (mut i32) (i32.const 77)) (global $f64 (mut f64) (f64.const 0.5))",
            *functions,
            ")",
        ]
    )
