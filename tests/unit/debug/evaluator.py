"""A step-by-step evaluator of the ops that `programs` writes: the oracle of what a stop must show.

It knows nothing of machine code, and of our engine only the decoder of instructions and names.  It
yields before every op; the frames it shows then may be changed, and it goes on with what they hold.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from jit.wasm.decode import decode_instruction
from jit.wasm.locals import read_locals
from jit.wasm.module import ModuleInfo
from jit.wasm.opcodes import OPS
from jit.wasm.structure import ConstExpr
from jit.wasm.types import F32, F64, FUNCREF, I32, I64
from tests.unit.debug.arithmetic import LOADS, M32, M64, NUMERIC, STORES, Trapped

PAGE = 0x10000
TYPES = {"i32": I32, "i64": I64, "f32": F32, "f64": F64}
RESULTS = {op.mnemonic: op.signature for op in OPS.values() if op.signature is not None}


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
    """One instance of a module without imports, of one memory and at most one table, of functions."""

    def __init__(
        self, info: ModuleInfo, reference: Callable[[int], int] = lambda index: index + 1
    ) -> None:
        """`reference` gives the word that stands for a function; 0 is null."""
        self.info = info
        self.memory = bytearray(PAGE)
        self.fresh_page = bytes(PAGE)
        """What memory.grow adds."""
        self._reference = reference
        self._functions = {reference(index): index for index in range(len(info.func_types))}
        self.globals = [self._constant(init) for init in info.global_inits]
        self.table = [0] * (info.tables[0].limits.min if info.tables else 0)
        self._elements = [list(map(self._constant, segment.items)) for segment in info.elements]
        self._data = [info.data[segment.start : segment.end] for segment in info.data_segments]
        self._fill()
        self.frames: list[Frame] = []
        self._codes = [self._decode(index) for index in range(len(info.bodies))]
        self.results: list[int] = []

    def _constant(self, expression: ConstExpr) -> int:
        if expression.kind == "ref.null":
            return 0
        function = expression.kind == "ref.func"
        return self._reference(expression.value) if function else expression.value

    def _fill(self) -> None:
        """Carry out the active segments."""
        for element, functions in zip(self.info.elements, self._elements, strict=True):
            if element.offset is not None:
                at = self._constant(element.offset)
                self.table[at : at + len(functions)] = functions
            if element.mode != "passive":
                functions.clear()
        for index, segment in enumerate(self.info.data_segments):
            if segment.offset is not None:
                at = self._constant(segment.offset)
                self.memory[at : at + len(self._data[index])] = self._data[index]
                self._data[index] = b""

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

    def enter_at(self, depth: int, place: "Frame", stack: list[int]) -> None:
        """Between two ops, go on in a frame where another of its function once was, with these operands."""
        del self.frames[len(self.frames) - depth :]
        self.frames[-1] = replace(
            self.frames[-1],
            stack=stack,
            stack_types=list(place.stack_types),
            controls=list(place.controls),
            index=place.index,
        )

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
            self._push(frame, TYPES[name[:3]], imm)
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
        signature = RESULTS[name]
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
        wide = name.startswith(("i64", "f64"))
        self._push(frame, TYPES[name[:3]], loaded & (M64 if wide else M32))

    def _other(self, frame: Frame, name: str, imm: object) -> None:
        if name == "br_table":
            assert isinstance(imm, tuple)
            self._branch(frame, imm[min(self._pop(frame), len(imm) - 1)])
        elif name == "call_indirect":
            assert isinstance(imm, tuple)
            self._call_indirect(frame, imm[0])
        elif name.startswith(("memory.", "table.", "data.", "elem.")):
            self._bulk(frame, name, imm)
        elif name.startswith("ref."):
            self._references(frame, name, imm)
        elif name in ("nop", "unreachable", "return", "drop", "select"):
            self._plain(frame, name)
        else:
            assert isinstance(imm, int)
            self._variable(frame, name, imm)

    def _variable(self, frame: Frame, name: str, imm: int) -> None:
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

    def _call_indirect(self, frame: Frame, type_: int) -> None:
        """The index of the table is gone in the call."""
        at = frame.stack[-1]
        if at >= len(self.table) or not self.table[at]:
            raise Trapped
        function = self._functions[self.table[at]]
        wanted = self.info.types[type_]
        if self.info.func_type(function) != wanted:
            raise Trapped
        self._pop(frame)
        self._enter(function, frame.stack[len(frame.stack) - len(wanted.params) :])

    def _references(self, frame: Frame, name: str, imm: object) -> None:
        if name == "ref.null":
            assert isinstance(imm, int)
            self._push(frame, imm, 0)
        elif name == "ref.func":
            assert isinstance(imm, int)
            self._push(frame, FUNCREF, self._reference(imm))
        else:
            self._push(frame, I32, int(not self._pop(frame)))

    def _bulk(self, frame: Frame, name: str, imm: object) -> None:
        """Ops of whole memories and tables: what traps changes nothing."""
        memory, table, stack = self.memory, self.table, frame.stack
        if name == "memory.size":
            self._push(frame, I32, len(memory) // PAGE)
        elif name == "memory.grow":
            self._grow(frame)
        elif name == "table.size":
            self._push(frame, I32, len(table))
        elif name == "table.grow":
            self._grow_table(frame)
        elif name == "table.get":
            if stack[-1] >= len(table):
                raise Trapped
            self._push(frame, FUNCREF, table[self._pop(frame)])
        elif name == "table.set":
            if stack[-2] >= len(table):
                raise Trapped
            value = self._pop(frame)
            table[self._pop(frame)] = value
        elif name == "data.drop":
            assert isinstance(imm, int)
            self._data[imm] = b""
        elif name == "elem.drop":
            assert isinstance(imm, int)
            self._elements[imm].clear()
        else:
            self._move(frame, name, imm)

    def _move(self, frame: Frame, name: str, imm: object) -> None:
        target, second, count = frame.stack[-3:]
        space: bytearray | list[int] = self.memory if name.startswith("memory") else self.table
        if target + count > len(space):
            raise Trapped
        if name == "memory.fill":
            self.memory[target : target + count] = bytes([second & 0xFF]) * count
        elif name == "table.fill":
            self.table[target : target + count] = [second] * count
        else:
            source: bytes | bytearray | list[int] = space
            if name.endswith("init"):
                assert isinstance(imm, tuple)
                source = (self._data if name == "memory.init" else self._elements)[imm[0]]
            if second + count > len(source):
                raise Trapped
            space[target : target + count] = source[second : second + count]  # type: ignore
        for _ in range(3):
            self._pop(frame)

    def _grow_table(self, frame: Frame) -> None:
        delta, value = self._pop(frame), self._pop(frame)
        old, most = len(self.table), self.info.tables[0].limits.max
        fits = most is None or old + delta <= most
        if fits:
            self.table += delta * [value]
        self._push(frame, I32, old if fits else M32)

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
