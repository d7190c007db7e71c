"""Random modules that live on pointers: locals as addresses, stepped, copied, passed on, near the memory's end."""

import random

OFFSETS = (0, 0, 4, 8, 12, 16, 100, 1000, 1016, 1020, 1024, 2000, 65528, 65536)
STEPS = (0, 4, 8, 16, 100, -4, -16, -1)
POINTERS = 4
"""Locals 0-3 of each function, of which the first two are parameters; local 4 is an i32, local 5 an i64."""
LOADS = ("i32.load", "i32.load8_u", "i64.load", "i64.load16_s")
STORES = ("i32.store", "i32.store8", "i64.store")


class _Function:
    def __init__(self, rng: random.Random, index: int, count: int) -> None:
        self.rng, self.index, self.count = rng, index, count
        self.locals = 6
        self.lines: list[str] = []

    def emit(self, *lines: str) -> None:
        self.lines += lines

    def pointer(self) -> str:
        return f"local.get {self.rng.choice((0, 0, 0, 1, 1, 2, 3))}"

    def offset(self) -> str:
        rng = self.rng
        return f"offset={rng.choice(OFFSETS if rng.random() < 0.3 else OFFSETS[:9])}"

    def value(self, type_: str) -> str:
        if self.rng.random() < 0.4:
            return f"{type_}.const {self.rng.randrange(1 << 12)}"
        return "local.get 4" if type_ == "i32" else "local.get 5"

    def load(self) -> None:
        op = self.rng.choice(LOADS)
        self.emit(self.pointer())
        if self.rng.random() < 0.2:
            self.set_pointer()
        self.emit(f"{op} {self.offset()}", f"local.set {4 if op[0:3] == 'i32' else 5}")

    def store(self) -> None:
        op = self.rng.choice(STORES)
        self.emit(self.pointer())
        if self.rng.random() < 0.2:
            self.call()
        self.emit(self.value(op[:3]), f"{op} {self.offset()}")

    def set_pointer(self) -> None:
        rng, to = self.rng, self.rng.randrange(POINTERS)
        kind = rng.randrange(8)
        if kind <= 2:
            self.emit(self.pointer(), f"local.set {to}")
        elif kind <= 4:
            self.emit(self.pointer(), f"i32.const {rng.choice(STEPS)}", "i32.add")
            self.emit(f"local.tee {to}", f"i32.load8_u {self.offset()}", "local.set 4")
        elif kind == 5:
            far = rng.random() < 0.1
            self.emit(f"i32.const {rng.choice((65520, 65536, -8) if far else (0, 64, 4096))}")
            self.emit(f"local.set {to}")
        else:
            self.emit(self.pointer(), f"i32.load {self.offset()}", "i32.const 4095", "i32.and")
            self.emit(f"local.set {to}")

    def call(self) -> None:
        if self.index + 1 < self.count:
            callee = self.rng.randrange(self.index + 1, self.count)
            self.emit(self.pointer(), self.pointer(), f"call {callee}", "local.set 4")

    def statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            self.statement(depth)

    def statement(self, depth: int) -> None:
        rng, kind = self.rng, self.rng.randrange(18)
        if kind <= 5 or (depth <= 0 and kind >= 13):
            self.load()
        elif kind <= 9:
            self.store()
        elif kind == 10:
            self.set_pointer()
        elif kind == 11:
            self.call()
        elif kind == 12:
            self.emit(f"i32.const {rng.choice((0, 0, 0, 1))}", "memory.grow", "local.set 4")
        elif kind == 13:
            self.emit("local.get 4", "i32.const 3", "i32.and", "if")
            self.statements(2, depth - 1)
            if rng.random() < 0.5:
                self.emit("else")
                self.statements(2, depth - 1)
            self.emit("end")
        elif kind == 14:
            self.emit("block")
            self.statements(1, depth - 1)
            self.emit("local.get 4", "i32.const 1", "i32.and", "br_if 0")
            self.statements(2, depth - 1)
            self.emit("end")
        else:
            self.loop(depth)

    def loop(self, depth: int) -> None:
        counter, self.locals = self.locals, self.locals + 1
        self.emit(f"i32.const {self.rng.randrange(1, 4)}", f"local.set {counter}", "loop")
        self.statements(3, depth - 1)
        self.emit(f"local.get {counter}", "i32.const 1", "i32.sub", f"local.tee {counter}")
        self.emit("i32.const 0", "i32.gt_s", "br_if 0", "end")

    def text(self) -> str:
        self.statements(self.rng.randrange(8, 24), 2)
        counters = " ".join(["i32"] * (self.locals - 6))
        head = f'(func (export "f{self.index}") (param i32 i32) (result i32)'
        return "\n".join(
            [f"{head} (local i32 i32 i32 i64 {counters})", *self.lines, "local.get 4)"]
        )


def pointer_module(seed: int, max_pages: int) -> str:
    """Return the text of a module whose functions f0, f1... call later ones only."""
    rng = random.Random(seed)
    count = rng.randrange(2, 5)
    functions = [_Function(rng, index, count).text() for index in range(count)]
    return "\n".join([f"(module (memory 1 {max_pages})", *functions, ")"])
