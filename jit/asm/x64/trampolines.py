"""The way into and out of guest code on x86-64 (System V host).

Every exit finds the running context through vmctx -> store block, saves what its kind promises
(`jit.abi.context`), and leaves through one tail that restores the host.  Full exits keep all
registers and the flags; the light ones (host, libcall, compile, done) all general registers and
the float registers that carry arguments.  Both may use the guest's stack below its pointer.
"""

from jit.abi import context, heartbeat, vmctx
from jit.abi.code import Trampolines
from jit.abi.context import Exit
from jit.asm.x64 import bulk
from jit.asm.x64 import encoding as x
from jit.asm.x64.sequence import BELOW, NOT_ZERO, ZERO, Sequence

HOST_SAVED = (x.RBX, x.RBP, x.R12, x.R13, x.R14, x.R15)
_ARGUMENT_FLOATS = 8
_FLOATS = 16
_POLL = 7
"""The number of Linux's system call."""


def _general(reg: int) -> int:
    return context.GENERAL + 8 * reg


def _float(reg: int) -> int:
    return context.FLOAT + 16 * reg


def build() -> Trampolines:
    """Return the trampolines; `leave` comes first, so that all jumps to it go backwards."""
    code = bytearray()
    entries: dict[str, int] = {}
    code += _leave()
    entries["resume"] = len(code)
    code += _resume()
    for name, exit_, argument in (
        ("trap", Exit.TRAP, True),
        ("interrupt", Exit.INTERRUPT, False),
        ("epoch", Exit.EPOCH, False),
        ("breakpoint", Exit.BREAKPOINT, False),
    ):
        entries[name] = len(code)
        code += _full_exit(exit_, argument)
        _jump_back(code)
    for name, exit_, argument, returns in (
        ("libcall", Exit.LIBCALL, True, True),
        ("host", Exit.HOST, False, True),
        ("compile", Exit.COMPILE, True, False),
        ("done", Exit.RETURN, False, False),
    ):
        entries[name] = len(code)
        code += _light_exit(exit_, argument, returns)
        _jump_back(code)
    for name, routine in (("memory_copy", bulk.memory_copy()), ("memory_fill", bulk.memory_fill())):
        entries[name] = len(code)
        code += routine
    entries["watch"] = len(code)
    code += _watch()
    _jump_back(code)
    entries["heartbeat"] = len(code)
    code += _heartbeat()
    return Trampolines(bytes(code), entries)


def _jump_back(code: bytearray) -> None:
    """Append a jump to offset 0."""
    code += b"\xe9" + x.pack_i32(-(len(code) + 5))


def _resume() -> bytes:
    """resume(context in rdi): save the host's state, load the guest's, go to its pc."""
    ctx = x.RDI
    code = bytearray()
    for at, reg in enumerate(HOST_SAVED):
        code += x.store(ctx, context.HOST_REGISTERS + 8 * at, reg)
    code += x.store(ctx, context.HOST_SP, x.RSP)
    code += x.stmxcsr(ctx, context.HOST_FLOAT_ENVIRONMENT)
    code += x.ldmxcsr(ctx, context.FLOAT_ENVIRONMENT)
    for reg in range(_FLOATS):
        code += x.movups_load(reg, ctx, _float(reg))
    code += x.load(x.RSP, ctx, _general(x.RSP))
    code += x.push_mem(ctx, context.PC)
    code += x.push_mem(ctx, context.FLAGS) + x.POPFQ
    for reg in range(16):
        if reg not in (x.RSP, ctx):
            code += x.load(reg, ctx, _general(reg))
    return bytes(code + x.load(ctx, ctx, _general(ctx)) + x.RET)


def _leave() -> bytes:
    """The tail of every exit: r14 is the context, eax the exit number."""
    ctx = x.R14
    code = bytearray()
    code += x.store(ctx, context.EXIT, x.RAX, 0)
    code += x.stmxcsr(ctx, context.FLOAT_ENVIRONMENT)
    code += x.ldmxcsr(ctx, context.HOST_FLOAT_ENVIRONMENT)
    code += x.load(x.RSP, ctx, context.HOST_SP)
    for at, reg in enumerate(HOST_SAVED):
        if reg != ctx:
            code += x.load(reg, ctx, context.HOST_REGISTERS + 8 * at)
    code += x.load(ctx, ctx, context.HOST_REGISTERS + 8 * HOST_SAVED.index(ctx))
    return bytes(code + x.RET)


def _find_context() -> bytes:
    """r14: from the vmctx to the running context."""
    return x.load(x.R14, x.R14, vmctx.STORE) + x.load(x.R14, x.R14, context.STORE_CONTEXT)


def _save_general() -> bytes:
    return b"".join(
        x.store(x.R14, _general(reg), reg) for reg in range(16) if reg not in (x.RSP, x.R14)
    )


def _full_exit(exit_: Exit, argument: bool) -> bytes:
    """Reached by a call: save everything; the pc is the return address."""
    code = bytearray()
    code += x.push(x.R14) + x.PUSHFQ + _find_context() + _save_general()
    if argument:
        code += x.store(x.R14, context.ARGUMENT, x.RAX, 0)
    for field in (context.FLAGS, _general(x.R14), context.PC):
        code += x.pop(x.RAX) + x.store(x.R14, field, x.RAX)
    code += x.store(x.R14, _general(x.RSP), x.RSP)
    for reg in range(_FLOATS):
        code += x.movups_store(x.R14, _float(reg), reg)
    return bytes(code + x.mov_imm(x.RAX, exit_))


def _watch() -> bytes:
    """Return, unless the bytes from rcx to rax touch a range of the watch list."""
    at, first, end = x.RDX, 0, 8
    sequence = Sequence()
    sequence.add(x.load(at, x.R14, vmctx.WATCH_LIST))
    again = sequence.position
    sequence.add(x.rm(b"\x83", x.CMP, at, end, 1), b"\x00")
    more = sequence.skip_if(NOT_ZERO)
    sequence.add(x.RET)
    sequence.land(more)
    sequence.add(x.rm(b"\x3b", x.RAX, at, first, 1))
    below = sequence.skip_if(BELOW)
    sequence.add(x.rm(b"\x3b", x.RCX, at, end, 1))
    inside = sequence.skip_if(BELOW)
    sequence.land(below)
    sequence.add(x.alu_imm(x.ADD, at, 16, 1))
    sequence.back(again)
    sequence.land(inside)
    sequence.add(_full_exit(Exit.WATCH, argument=False))
    return sequence.code


def _heartbeat() -> bytes:
    """heartbeat(block in rdi): want every guest's interrupt once a period, until there is something to read."""
    block, at, guest = x.RDI, x.RSI, x.RAX
    sequence = Sequence()
    again = sequence.position
    sequence.add(x.mov_imm(x.RSI, 1), x.load(x.RDX, block, heartbeat.PERIOD))
    sequence.add(x.mov_imm(x.RAX, _POLL), x.SYSCALL, x.alu_imm(x.CMP, x.RAX, 1))
    beat = sequence.skip_if(NOT_ZERO)
    sequence.add(x.RET)
    sequence.land(beat)
    sequence.add(x.mov(at, block), x.alu_imm(x.ADD, at, heartbeat.GUESTS, 1))
    each = sequence.position
    sequence.add(x.load(guest, at, 0), x.alu_imm(x.CMP, guest, 0, 1))
    sequence.back_if(ZERO, again)
    sequence.add(x.rm(b"\xc7", 0, guest, vmctx.STACK_LIMIT, 1), x.pack_i32(-1))
    sequence.add(x.rm(b"\xc7", 0, guest, vmctx.INTERRUPT), x.pack_i32(1))
    sequence.add(x.alu_imm(x.ADD, at, 8, 1))
    sequence.back(each)
    return sequence.code


def _light_exit(exit_: Exit, argument: bool, returns: bool) -> bytes:
    """Save what a call may depend on; `returns`: the pc is the return address, taken off the stack."""
    code = bytearray()
    code += x.push(x.R14) + _find_context() + _save_general()
    if argument:
        code += x.store(x.R14, context.ARGUMENT, x.RAX, 0)
    code += x.pop(x.RAX) + x.store(x.R14, _general(x.R14), x.RAX)
    if returns:
        code += x.pop(x.RAX) + x.store(x.R14, context.PC, x.RAX)
    code += x.store(x.R14, _general(x.RSP), x.RSP)
    for reg in range(_ARGUMENT_FLOATS):
        code += x.movups_store(x.R14, _float(reg), reg)
    return bytes(code + x.mov_imm(x.RAX, exit_))
