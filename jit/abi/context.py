"""The context block of an activation, and the store block that points to the current one.

A context holds what the guest's machine state was when it left its code, and what it will be when it
is resumed.  Register files are indexed by the ISA's own register numbers.

    0     exit (u32)            an `Exit`
    4     argument (u32)        trap code, libcall number, or the defined index to compile
    8     pc                    where `resume` continues
    16    flags                 condition flags, in the ISA's own format
    24    host stack pointer    set by `resume`
    32    host registers        16 words, callee-saved ones of the host's calling convention
    160   host float environment
    168   guest float environment (x86-64: MXCSR)
    192   general registers     32 words (the stack pointer is among them)
    448   float registers       32 of 16 bytes
    960   (64 bytes of padding)

Where `pc` points, by exit: BREAKPOINT: just past the patched site.  TRAP, LIBCALL, INTERRUPT, EPOCH, WATCH:
the return address of the call that reached the stub (the frame tables' key).  HOST: the return address
in the caller, taken off the stack or the link register, so that the saved stack pointer is the
caller's.  COMPILE: nowhere; the driver sets it to the new code, all argument registers as they were and
the return address still in place.  RETURN: nowhere.
"""

from enum import IntEnum

EXIT = 0
ARGUMENT = 4
PC = 8
FLAGS = 16
HOST_SP = 24
HOST_REGISTERS = 32
HOST_FLOAT_ENVIRONMENT = 160
FLOAT_ENVIRONMENT = 168
GENERAL = 192
FLOAT = 448
CONTEXT_SIZE = 1024

STORE_CONTEXT = 0
"""In the store block: address of the context of the running activation."""
STORE_BLOCK_SIZE = 64

OVERFLOW_SIZE = 16 * 1024
"""Bytes in a store's overflow buffer: 1000 parameters (the limit of the JS API, which engines share) of 16."""

STACK_RESERVE = 64 * 1024
"""Bytes below the stack limit that code may use unchecked: small leaf frames, exit stubs."""

UNCHECKED_FRAME = 4096
"""A frame up to this size is set up before its limit check, and a leaf with one has no check."""


class Exit(IntEnum):
    """Why the guest left its code."""

    RETURN = 1
    """The function that the activation entered has returned; results are in their registers."""
    BREAKPOINT = 2
    """An enabled patch site; every register is saved."""
    TRAP = 3
    """Every register is saved; the activation cannot be resumed."""
    INTERRUPT = 4
    """The interrupt check of a function entry or loop head, or the stack limit was really crossed."""
    EPOCH = 5
    """The epoch's deadline was reached; every register is saved."""
    HOST = 6
    """A host function is called: scratch register 0 holds its record; argument registers, sp, fp are saved."""
    LIBCALL = 7
    """A library routine is called: `argument` is its number; argument registers, sp, fp are saved."""
    COMPILE = 8
    """A function that is not compiled yet is called: `argument` is its defined index, the vmctx register
    its instance; argument registers, sp, fp and scratch register 0 are saved."""
    WATCH = 9
    """A watched range of memory 0 was accessed; every register is saved, the `watched` ones say where."""
