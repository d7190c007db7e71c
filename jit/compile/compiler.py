"""From a module to its code, a function at a time: prologue, the loop over the ops, what is out of line.

Boundary order is [interrupt check][site][op].  A site is emitted where code was since the last one;
ops that emitted none share the next op's.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from jit.abi.code import USUAL, CompiledFunction, Isa, Variant
from jit.abi.context import UNCHECKED_FRAME
from jit.abi.frame_table import FrameTable
from jit.abi.traps import TrapCode
from jit.abi.vmctx import PAGE_SIZE, VMContextLayout
from jit.abi.words import DefinedIndex
from jit.asm.masm import BranchTooFar, MacroAssembler
from jit.asm.places import ALIAS, CONST
from jit.compile import calls, control, memory, numeric, tables, variables
from jit.compile.handler import Handler
from jit.compile.recorder import Recorder
from jit.compile.state import State
from jit.wasm.module import ModuleInfo
from jit.wasm.opcodes import CALL, CALL_INDIRECT, I32_CONST, LOCAL_GET
from jit.wasm.validate import validate_body


@dataclass(frozen=True, slots=True)
class Tunables:
    """What is compiled into all code of a store."""

    debug: bool = True
    """Patch sites at op boundaries, where they are wanted, and an interrupt check at every function's entry."""
    epoch: bool = False


class CompilerIsa(Isa, Protocol):
    """An instruction set that code can be made for."""

    @property
    def masm(self) -> MacroAssembler: ...


class Compiler:
    """Compiles the functions of one module; implements `jit.abi.code.CodeSource`."""

    def __init__(self, module: ModuleInfo, isa: CompilerIsa, tunables: Tunables) -> None:
        self._module = module
        self._masm = isa.masm
        self._tunables = tunables
        self._vmctx = vmctx_layout(module)
        self._known_memory = module.memories[0].limits.min * PAGE_SIZE if module.memories else 0
        self._made: dict[tuple[int, Variant], tuple[int, int]] = {}
        """Size and hash of the code of each function compiled so far."""
        self._far: set[tuple[int, Variant]] = set()
        """The functions that are too large for branches of the usual reach."""

    def compile(self, defined_index: int, variant: Variant = USUAL) -> CompiledFunction:
        """Validate and compile one function; raise a WasmError for an invalid body."""
        try:
            code = self._code(defined_index, variant, None)
        except BranchTooFar:
            self._far.add((defined_index, variant))
            code = self._code(defined_index, variant, None)
        return CompiledFunction(DefinedIndex(defined_index), code)

    def frame_table(self, defined_index: int, variant: Variant = USUAL) -> FrameTable:
        """Return the frame table of a function; its code is made again and must be equal."""
        recorder = Recorder()
        self._code(defined_index, variant, recorder)
        return recorder.table()

    def _code(self, defined_index: int, variant: Variant, recorder: Recorder | None) -> bytes:
        body = validate_body(self._module, defined_index)
        tunables = self._tunables
        masm = self._masm.far if (defined_index, variant) in self._far else self._masm
        state = State(
            body,
            masm,
            self._vmctx,
            self._known_memory,
            tunables.debug,
            tunables.debug and variant.sites,
            tunables.epoch,
            variant.canonical,
            variant.watch,
            recorder,
        )
        if recorder is not None:
            recorder.start(body, state.layout, state.frame_size)
        too_large = _enter(state)
        if recorder is None and not variant.canonical:
            _compile_ops(state, handlers(masm))
        else:
            _compile_observed(state, handlers(masm))
        _finish(state, too_large)
        code = bytes(state.code)
        made = (len(code), hash(code))
        assert self._made.setdefault((defined_index, variant), made) == made, (
            "compilation must repeat itself"
        )
        return code


def vmctx_layout(module: ModuleInfo) -> VMContextLayout:
    """Return where a module's own things lie in its instances' vmctx."""
    return VMContextLayout(
        len(module.globals),
        len(module.tables),
        len(module.types),
        module.num_imported_funcs,
        len(module.bodies),
    )


@lru_cache
def handlers(masm: MacroAssembler) -> dict[int, Handler]:
    """Return the handler of each opcode, for an instruction set."""
    numbers = numeric.handlers(masm)
    return (
        numbers
        | variables.handlers(masm)
        | memory.handlers(masm)
        | control.handlers(masm)
        | calls.handlers(masm)
        | tables.handlers(masm, numbers)
    )


def _enter(s: State) -> int:
    """Set up the frame; return the end of the branch for one that does not fit, or -1."""
    body, masm, code = s.body, s.masm, s.code
    too_large = -1
    unchecked = s.frame_size <= UNCHECKED_FRAME
    if not unchecked:
        code += masm.frame_check(s.frame_size)
        too_large = len(code)
    code += masm.prologue(s.frame_size)
    params = body.type.params
    plan = s.travel.arguments(params)
    for local, register, _, _ in plan.registers:
        code += masm.slot_store[register][s.local_key(local)]
        pool = s.locals[local][3]
        if pool is not None and register in pool and not s.canonical:
            pool.remove(register)
            s.copies[local] = register
            s.owners[register] = local
    for local, offset in plan.overflow:
        code += masm.overflow_load[s.local_key(local)][offset]
    layout = s.layout
    if len(params) < layout.num_locals:
        start, end = layout.local(len(params)), layout.local(layout.num_locals)
        code += masm.zero_slots(start, end, s.frame_size)
    if s.debug or (unchecked and (CALL in s.ops or CALL_INDIRECT in s.ops)):
        code += masm.stack_check
        s.colds.append((len(code), len(code), masm.interrupt_call, 0))
    if s.epoch:
        code += masm.epoch_check
        s.colds.append((len(code), len(code), masm.epoch_call, 0))
    return too_large


def _compile_ops(s: State, table: dict[int, Handler]) -> None:
    """Compile every op, a site before each where one is due.

    A third of all ops are constants and `local.get`s of copies, which emit nothing: done right here.
    """
    code, stack, copies, sites, site = s.code, s.stack, s.copies, s.sites, s.masm.site
    filler, size, last = s.masm.filler, len(site), -1
    for op, imm, index in zip(s.ops, s.imms, range(len(s.ops)), strict=True):
        if sites and (at := len(code)) != s.mark:
            if at == last:
                code += filler
                at += len(filler)
            code += site
            s.mark = last = at + size
        if op == LOCAL_GET:
            copy = copies.get(imm)  # type: ignore[call-overload]
            if copy is not None:
                stack.append(copy + ALIAS)
                continue
        elif op == I32_CONST:
            stack.append(imm + CONST)  # type: ignore[operator]
            continue
        table[op](s, imm, index)


def _compile_observed(s: State, table: dict[int, Handler]) -> None:
    """The same, recording; or making the canonical variant, where each op ends with all in slots."""
    code, site, recorder, last = s.code, s.masm.site, s.recorder, -1
    for op, imm, index in zip(s.ops, s.imms, range(len(s.ops)), strict=True):
        if s.sites and len(code) != s.mark:
            if len(code) == last:
                code += s.masm.filler
            patch = len(code)
            code += site
            s.mark = last = len(code)
            if recorder is not None:
                recorder.site(patch, s.mark)
        if recorder is not None and s.live:
            recorder.boundary(index, s.stack, s.copies, s.facts, s.constants)
        traps = len(s.traps)
        table[op](s, imm, index)
        if recorder is not None:
            recorder.done(index, op, imm, len(s.traps) > traps)
        if s.canonical and s.live:
            s.spill()
            s.forget_registers()


def _finish(s: State, too_large: int) -> None:
    """Emit what is out of line: interrupt and epoch exits, then trap exits."""
    code, masm, recorder = s.code, s.masm, s.recorder
    link, trap_exit = masm.link, masm.trap_exit
    for end, back, call, index in s.colds:
        link(code, end, len(code))
        code += call
        if recorder is not None:
            recorder.interrupt(len(code), index)
        code += masm.jump_back(len(code), back)
    for end, size, index, writes in s.watches:
        link(code, end, len(code))
        code += masm.watch_call[size]
        if recorder is not None:
            recorder.watch(len(code), index, writes)
        code += masm.jump_back(len(code), end)
    traps = iter(s.traps)
    for end, trap, index in zip(traps, traps, traps, strict=True):
        link(code, end, len(code))
        code += trap_exit[trap]
        if recorder is not None:
            recorder.trap_exit(len(code), index)
    if too_large >= 0:
        link(code, too_large, len(code))
        code += trap_exit[TrapCode.STACK_OVERFLOW]
        if recorder is not None:
            recorder.prologue_trap(len(code))
