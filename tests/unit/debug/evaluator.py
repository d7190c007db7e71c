"""A step-by-step evaluator of the ops that `generator` writes: the oracle of what a stop must show.

It knows nothing of machine code, and of our engine only the decoder of instructions and names.  It
yields before every op; the frames it shows then may be changed, and it goes on with what they hold.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from jit.wasm.decode import decode_instruction
from jit.wasm.locals import read_locals
from jit.wasm.module import ModuleInfo
from jit.wasm.opcodes import OPS
from jit.wasm.types import F32, F64, I32, I64

M32, M64 = 0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF
PAGE = 0x10000


class Trapped(Exception):
    """The op about to run traps."""


def s32(bits: int) -> int:
    return bits - (1 << 32) if bits & 0x8000_0000 else bits


def s64(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


def f32(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def f64(bits: int) -> float:
    return float(struct.unpack("<d", struct.pack("<Q", bits))[0])


def b32(value: float) -> int:
    try:
        packed = struct.pack("<f", value)
    except OverflowError:
        packed = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return int(struct.unpack("<I", packed)[0])


def b64(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def _div_s(a: int, b: int, low: int) -> int:
    if b == 0 or (a == low and b == -1):
        raise Trapped
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _div_u(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return a // b


def _rem_s(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def _rem_u(a: int, b: int) -> int:
    if b == 0:
        raise Trapped
    return a % b


def _clz(a: int, width: int) -> int:
    return width - a.bit_length()


def _ctz(a: int, width: int) -> int:
    return (a & -a).bit_length() - 1 if a else width


def _rotl(a: int, n: int, width: int) -> int:
    n %= width
    return (a << n | a >> (width - n)) & ((1 << width) - 1)


def _integer(
    prefix: str, width: int, signed: Callable[[int], int]
) -> dict[str, Callable[..., int]]:
    mask, low = (1 << width) - 1, -(1 << (width - 1))
    table: dict[str, Callable[..., int]] = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "and": lambda a, b: a & b,
        "or": lambda a, b: a | b,
        "xor": lambda a, b: a ^ b,
        "shl": lambda a, b: a << (b % width),
        "shr_u": lambda a, b: a >> (b % width),
        "shr_s": lambda a, b: signed(a) >> (b % width),
        "rotl": lambda a, b: _rotl(a, b, width),
        "rotr": lambda a, b: _rotl(a, -b, width),
        "div_s": lambda a, b: _div_s(signed(a), signed(b), low),
        "div_u": _div_u,
        "rem_s": lambda a, b: _rem_s(signed(a), signed(b)),
        "rem_u": _rem_u,
        "clz": lambda a: _clz(a, width),
        "ctz": lambda a: _ctz(a, width),
        "popcnt": lambda a: a.bit_count(),
        "eqz": lambda a: int(a == 0),
        "eq": lambda a, b: int(a == b),
        "ne": lambda a, b: int(a != b),
        "lt_s": lambda a, b: int(signed(a) < signed(b)),
        "lt_u": lambda a, b: int(a < b),
        "gt_s": lambda a, b: int(signed(a) > signed(b)),
        "gt_u": lambda a, b: int(a > b),
        "le_s": lambda a, b: int(signed(a) <= signed(b)),
        "le_u": lambda a, b: int(a <= b),
        "ge_s": lambda a, b: int(signed(a) >= signed(b)),
        "ge_u": lambda a, b: int(a >= b),
    }
    return {f"{prefix}.{name}": lambda *x, f=f: f(*x) & mask for name, f in table.items()}


def _float(
    prefix: str, of: Callable[[int], float], to: Callable[[float], int]
) -> dict[str, Callable[..., int]]:
    sign = 1 << (31 if prefix == "f32" else 63)
    return {
        f"{prefix}.add": lambda a, b: to(of(a) + of(b)),
        f"{prefix}.sub": lambda a, b: to(of(a) - of(b)),
        f"{prefix}.mul": lambda a, b: to(of(a) * of(b)),
        f"{prefix}.neg": lambda a: a ^ sign,
        f"{prefix}.abs": lambda a: a & ~sign,
        f"{prefix}.eq": lambda a, b: int(of(a) == of(b)),
        f"{prefix}.ne": lambda a, b: int(of(a) != of(b)),
        f"{prefix}.lt": lambda a, b: int(of(a) < of(b)),
        f"{prefix}.gt": lambda a, b: int(of(a) > of(b)),
        f"{prefix}.le": lambda a, b: int(of(a) <= of(b)),
        f"{prefix}.ge": lambda a, b: int(of(a) >= of(b)),
    }


NUMERIC: dict[str, Callable[..., int]] = {
    **_integer("i32", 32, s32),
    **_integer("i64", 64, s64),
    **_float("f32", f32, b32),
    **_float("f64", f64, b64),
    "i32.wrap_i64": lambda a: a & M32,
    "i64.extend_i32_s": lambda a: s32(a) & M64,
    "i64.extend_i32_u": lambda a: a,
    "f64.convert_i32_s": lambda a: b64(float(s32(a))),
    "f32.convert_i32_s": lambda a: b32(float(s32(a))),
    "f64.convert_i64_s": lambda a: b64(float(s64(a))),
    "f64.promote_f32": lambda a: b64(f32(a)),
    "f32.demote_f64": lambda a: b32(f64(a)),
}

LOADS = {
    "i32.load": (4, False),
    "i64.load": (8, False),
    "i32.load8_u": (1, False),
    "i64.load16_s": (2, True),
}
STORES = {"i32.store": 4, "i64.store": 8, "i32.store8": 1}


@dataclass
class Control:
    """A block that has been entered: where a branch to it goes, and what it leaves on the stack."""

    height: int
    arity: int
    target: int
    loop: bool


@dataclass
class Frame:
    """A function at work; the values are bit patterns."""

    function: int
    locals: list[int]
    types: list[int]
    stack: list[int] = field(default_factory=list)
    stack_types: list[int] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    index: int = 0
    pc: int = 0


@dataclass
class Code:
    """A function's ops, and where each block ends."""

    ops: list[tuple[int, str, object]]
    else_of: dict[int, int]
    end_of: dict[int, int]
    local_types: list[int]


class Evaluator:
    """One instance of a module without imports."""

    def __init__(self, info: ModuleInfo) -> None:
        self.info = info
        self.memory = bytearray(PAGE)
        self.fresh_page = bytes(PAGE)
        """What memory.grow adds."""
        self.globals = [init.value for init in info.global_inits]
        self.frames: list[Frame] = []
        self._codes = [self._decode(index) for index in range(len(info.bodies))]
        self.results: list[int] = []

    def _decode(self, index: int) -> Code:
        local_types, pos = read_locals(self.info, index)
        ops: list[tuple[int, str, object]] = []
        opened: list[int] = []
        else_of: dict[int, int] = {}
        end_of: dict[int, int] = {}
        at: int = pos
        while at < self.info.bodies[index].end:
            code, imm, after = decode_instruction(self.info.data, at)
            name = OPS[code].mnemonic
            if name in ("block", "loop", "if"):
                opened.append(len(ops))
            elif name == "else":
                else_of[opened[-1]] = len(ops)
            elif name == "end" and opened:
                end_of[opened.pop()] = len(ops)
            ops.append((at, name, imm))
            at = after
        return Code(ops, else_of, end_of, local_types)

    def run(self, function: int, arguments: list[int]) -> Iterator[None]:
        """Call a function; yield before each op.  Raise Trapped at one that traps."""
        self._enter(function, arguments)
        while self.frames:
            frame = self.frames[-1]
            frame.pc = self._codes[frame.function].ops[frame.index][0]
            yield
            if self.frames and self.frames[-1] is frame:
                self._step(frame)

    def return_from(self, depth: int, values: list[int]) -> None:
        """Between two ops, return from a frame with values; 0 is the innermost, those inside of it are gone."""
        del self.frames[len(self.frames) - depth :]
        self.frames[-1].stack = values
        self._leave()

    def _enter(self, function: int, arguments: list[int]) -> None:
        code = self._codes[function]
        zeros = [0] * (len(code.local_types) - len(arguments))
        frame = Frame(function, [*arguments, *zeros], code.local_types)
        results = self.info.func_type(function).results
        frame.controls.append(Control(0, len(results), len(code.ops), False))
        self.frames.append(frame)

    def _push(self, frame: Frame, type_: int, bits: int) -> None:
        frame.stack.append(bits)
        frame.stack_types.append(type_)

    def _pop(self, frame: Frame) -> int:
        frame.stack_types.pop()
        return frame.stack.pop()

    def _leave(self) -> None:
        frame = self.frames.pop()
        types = self.info.func_type(frame.function).results
        values = frame.stack[len(frame.stack) - len(types) :]
        if not self.frames:
            self.results = values
            return
        caller = self.frames[-1]
        params = len(self.info.func_type(frame.function).params)
        del caller.stack[len(caller.stack) - params :]
        del caller.stack_types[len(caller.stack_types) - params :]
        for type_, value in zip(types, values, strict=True):
            self._push(caller, type_, value)

    def _branch(self, frame: Frame, depth: int) -> None:
        control = frame.controls[-1 - depth]
        if len(frame.controls) == depth + 1:
            self._leave()
            return
        keep = len(frame.stack) - control.arity
        for values in (frame.stack, frame.stack_types):
            del values[control.height : keep]
        del frame.controls[len(frame.controls) - depth - (not control.loop) :]
        frame.index = control.target

    def _block_type(self, imm: object) -> tuple[int, int]:
        assert isinstance(imm, int)
        if imm >= 0:
            type_ = self.info.types[imm]
            return len(type_.params), len(type_.results)
        return 0, 0 if imm == 0x40 - 0x80 else 1

    def _step(self, frame: Frame) -> None:
        code = self._codes[frame.function]
        at = frame.index
        _, name, imm = code.ops[at]
        frame.index += 1
        if name in NUMERIC:
            self._numeric(frame, name)
        elif name.endswith(".const"):
            assert isinstance(imm, int)
            self._push(frame, {"i32": I32, "i64": I64, "f32": F32, "f64": F64}[name[:3]], imm)
        elif name in LOADS or name in STORES:
            self._access(frame, name, imm)
        elif name in ("block", "loop"):
            params, results = self._block_type(imm)
            loop = name == "loop"
            height = len(frame.stack) - params
            target = at + 1 if loop else code.end_of[at] + 1
            frame.controls.append(Control(height, params if loop else results, target, loop))
        elif name == "if":
            self._if(frame, code, at, imm)
        elif name == "else":
            opened = next(block for block, place in code.else_of.items() if place == at)
            frame.index = code.end_of[opened] + 1
            frame.controls.pop()
        elif name == "end":
            if at == len(code.ops) - 1:
                self._leave()
            else:
                frame.controls.pop()
        else:
            self._other(frame, name, imm)

    def _if(self, frame: Frame, code: Code, at: int, imm: object) -> None:
        condition = self._pop(frame)
        params, results = self._block_type(imm)
        end = code.end_of[at]
        if not condition and at not in code.else_of:
            frame.index = end + 1
            return
        frame.controls.append(Control(len(frame.stack) - params, results, end + 1, False))
        if not condition:
            frame.index = code.else_of[at] + 1

    def _numeric(self, frame: Frame, name: str) -> None:
        signature = next(op.signature for op in OPS.values() if op.mnemonic == name)
        assert signature is not None
        count = len(signature.params)
        result = NUMERIC[name](*frame.stack[-count:])
        for _ in range(count):
            self._pop(frame)
        self._push(frame, signature.results[0], result)

    def _access(self, frame: Frame, name: str, imm: object) -> None:
        assert isinstance(imm, tuple)
        offset = imm[1]
        if name in STORES:
            size, address = STORES[name], frame.stack[-2] + offset
            if address + size > len(self.memory):
                raise Trapped
            value = self._pop(frame) & ((1 << 8 * size) - 1)
            self._pop(frame)
            self.memory[address : address + size] = value.to_bytes(size, "little")
            return
        size, signed = LOADS[name]
        address = frame.stack[-1] + offset
        if address + size > len(self.memory):
            raise Trapped
        self._pop(frame)
        loaded = int.from_bytes(self.memory[address : address + size], "little", signed=signed)
        wide = name.startswith("i64")
        self._push(frame, I64 if wide else I32, loaded & (M64 if wide else M32))

    def _other(self, frame: Frame, name: str, imm: object) -> None:
        if name == "br_table":
            assert isinstance(imm, tuple)
            self._branch(frame, imm[min(self._pop(frame), len(imm) - 1)])
            return
        if name == "memory.grow":
            self._grow(frame)
            return
        if name in ("nop", "unreachable", "return", "drop", "select"):
            self._plain(frame, name)
            return
        assert isinstance(imm, int)
        if name == "local.get":
            self._push(frame, frame.types[imm], frame.locals[imm])
        elif name == "local.set":
            frame.locals[imm] = self._pop(frame)
        elif name == "local.tee":
            frame.locals[imm] = frame.stack[-1]
        elif name == "global.get":
            self._push(frame, self.info.globals[imm].valtype, self.globals[imm])
        elif name == "global.set":
            self.globals[imm] = self._pop(frame)
        elif name == "br":
            self._branch(frame, imm)
        elif name == "br_if":
            if self._pop(frame):
                self._branch(frame, imm)
        elif name == "call":
            params = len(self.info.func_type(imm).params)
            self._enter(imm, frame.stack[len(frame.stack) - params :])
        else:
            raise AssertionError(name)

    def _grow(self, frame: Frame) -> None:
        delta, old = self._pop(frame), len(self.memory) // PAGE
        most = self.info.memories[0].limits.max
        fits = most is None or old + delta <= most
        if fits:
            self.memory += delta * self.fresh_page
        self._push(frame, I32, old if fits else M32)

    def _plain(self, frame: Frame, name: str) -> None:
        if name == "unreachable":
            raise Trapped
        if name == "return":
            self._leave()
        elif name == "drop":
            self._pop(frame)
        elif name == "select":
            condition, second = self._pop(frame), self._pop(frame)
            if not condition:
                frame.stack[-1] = second
