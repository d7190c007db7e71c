"""The way into and out of guest code on aarch64 (AAPCS64 host).

Every exit finds the running context through vmctx -> store block, saves what its kind promises
(`jit.abi.context`), and leaves through one tail that restores the host.  Full exits keep the flags
and all float registers; the light ones (host, libcall, compile, done) those that carry arguments.
x17 holds the context on the way out: it is dead there, since every exit is entered by it or is at an
op boundary.  x18 belongs to the host's system and is never touched.

What the host's calling convention keeps is on the host's stack while the guest runs.
"""

from jit.abi import context, vmctx
from jit.abi.code import Trampolines
from jit.abi.context import Exit
from jit.asm.aarch64 import bulk
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.encoding import HS, LO, SP, X0, X1, X15, X16, X17, X19, X28, X29, X30
from jit.asm.aarch64.sequence import Sequence

_GENERAL_PAIRS = tuple((at, at + 1) for at in (*range(0, 16, 2), *range(20, 30, 2)))
"""With x16, x19, and x30 beside the stack pointer, all that may be live."""
_ARGUMENT_FLOATS = 8
_FLOATS = 32

_HOST_GENERAL = tuple((at, at + 1) for at in range(19, 29, 2))
_HOST_FLOATS = tuple((at, at + 1) for at in range(8, 16, 2))
_HOST_FRAME = 16 + 16 * len(_HOST_GENERAL) + 16 * len(_HOST_FLOATS)


def _general(reg: int) -> int:
    return context.GENERAL + 8 * reg


def build() -> Trampolines:
    """Return the trampolines; `leave` comes first, so that all jumps to it go backwards."""
    code = bytearray()
    entries: dict[str, int] = {}
    code += _leave()
    entries["resume"] = len(code)
    code += _resume()
    for name, exit_, full, argument, returns in (
        ("trap", Exit.TRAP, True, True, True),
        ("interrupt", Exit.INTERRUPT, True, False, True),
        ("epoch", Exit.EPOCH, True, False, True),
        ("breakpoint", Exit.BREAKPOINT, True, False, True),
        ("libcall", Exit.LIBCALL, False, True, True),
        ("host", Exit.HOST, False, False, True),
        ("compile", Exit.COMPILE, False, True, False),
        ("done", Exit.RETURN, False, False, False),
    ):
        entries[name] = len(code)
        code += _exit(exit_, full, argument, returns)
        code += a.b(-len(code))
    for name, routine in (("memory_copy", bulk.memory_copy()), ("memory_fill", bulk.memory_fill())):
        entries[name] = len(code)
        code += routine
    entries["watch"] = len(code)
    code += _watch()
    code += a.b(-len(code))
    return Trampolines(bytes(code), entries)


def _host_registers(general: a.Transfer, floats: a.Transfer) -> bytes:
    """Save or restore what lies above the linked pair in the host's frame."""
    code = bytearray()
    at = 16
    for transfer, pairs in ((general, _HOST_GENERAL), (floats, _HOST_FLOATS)):
        for t, u in pairs:
            code += a.pair(transfer, t, u, SP, at)
            at += 16
    return bytes(code)


def _resume() -> bytes:
    """resume(context in x0): save the host's state, load the guest's, go to its pc."""
    ctx = X0
    code = bytearray()
    code += a.push_pair(X29, X30, _HOST_FRAME) + _host_registers(a.STP_X, a.STP_D)
    code += a.imm(a.ADD_IMM, X1, SP, 0) + a.mem(a.STR_X, X1, ctx, context.HOST_SP)
    code += a.mrs(X1, a.FPCR) + a.mem(a.STR_X, X1, ctx, context.HOST_FLOAT_ENVIRONMENT)
    code += a.mem(a.LDR_X, X1, ctx, context.FLOAT_ENVIRONMENT) + a.msr(a.FPCR, X1)
    for reg in range(0, _FLOATS, 2):
        code += a.pair(a.LDP_Q, reg, reg + 1, ctx, context.FLOAT + 16 * reg)
    code += a.mem(a.LDR_X, X1, ctx, context.FLAGS) + a.msr(a.NZCV, X1)
    code += a.pair(a.LDP_X, X30, X1, ctx, _general(X30)) + a.imm(a.ADD_IMM, SP, X1, 0)
    code += a.mem(a.LDR_X, X16, ctx, _general(X16)) + a.mem(a.LDR_X, X19, ctx, _general(X19))
    code += a.mem(a.LDR_X, X17, ctx, context.PC)
    for t, u in reversed(_GENERAL_PAIRS):
        code += a.pair(a.LDP_X, t, u, ctx, _general(t))
    return bytes(code + a.br(X17))


def _leave() -> bytes:
    """The tail of every exit: x17 is the context, w16 the exit number."""
    ctx = X17
    code = bytearray()
    code += a.mem(a.STR_W, X16, ctx, context.EXIT)
    code += a.mrs(X0, a.FPCR) + a.mem(a.STR_X, X0, ctx, context.FLOAT_ENVIRONMENT)
    code += a.mem(a.LDR_X, X0, ctx, context.HOST_FLOAT_ENVIRONMENT) + a.msr(a.FPCR, X0)
    code += a.mem(a.LDR_X, X0, ctx, context.HOST_SP) + a.imm(a.ADD_IMM, SP, X0, 0)
    code += _host_registers(a.LDP_X, a.LDP_D) + a.pop_pair(X29, X30, _HOST_FRAME)
    return bytes(code + a.mov(X0, X16, 0) + a.RET)


def _watch() -> bytes:
    """Return, unless the bytes from x15 to x16 touch a range of the watch list; the link register is free."""
    sequence = Sequence()
    sequence.add(a.mem(a.LDR_X, X17, X28, vmctx.WATCH_LIST), a.push_pair(X0, X1))
    again = sequence.position
    sequence.add(a.pair(a.LDP_X, X0, X1, X17))
    more = sequence.skip_by(a.cbnz(X1, w=1))
    sequence.add(a.pop_pair(X0, X1), a.RET)
    sequence.land(more)
    sequence.add(a.imm(a.ADD_IMM, X17, X17, 16), a.cmp(X16, X0))
    sequence.back_if(LO, again)
    sequence.add(a.cmp(X15, X1))
    sequence.back_if(HS, again)
    sequence.add(a.pop_pair(X0, X1), _exit(Exit.WATCH, full=True, argument=False, returns=True))
    return sequence.code


def _exit(exit_: Exit, full: bool, argument: bool, returns: bool) -> bytes:
    """Save what may be looked at or resumed; `returns`: the pc is the link register.

    What is saved as the link register of a trap is x15 (`control.frame_check`).
    """
    ctx = X17
    code = bytearray()
    code += a.mem(a.LDR_X, ctx, X28, vmctx.STORE) + a.mem(a.LDR_X, ctx, ctx, context.STORE_CONTEXT)
    for t, u in _GENERAL_PAIRS:
        code += a.pair(a.STP_X, t, u, ctx, _general(t))
    code += a.mem(a.STR_X, X16, ctx, _general(X16)) + a.mem(a.STR_X, X19, ctx, _general(X19))
    if argument:
        code += a.mem(a.STR_W, X16, ctx, context.ARGUMENT)
    if returns:
        code += a.mem(a.STR_X, X30, ctx, context.PC)
    link = X15 if exit_ is Exit.TRAP else X30
    code += a.imm(a.ADD_IMM, X16, SP, 0) + a.pair(a.STP_X, link, X16, ctx, _general(X30))
    if full:
        code += a.mrs(X16, a.NZCV) + a.mem(a.STR_X, X16, ctx, context.FLAGS)
    for reg in range(0, _FLOATS if full else _ARGUMENT_FLOATS, 2):
        code += a.pair(a.STP_Q, reg, reg + 1, ctx, context.FLOAT + 16 * reg)
    return bytes(code + a.mov_imm(X16, exit_))
