"""Chooses the machine for an instruction set: native where this process can run it, else emulated."""

import logging

from jit.machine.emulated import EmulatedMachine
from jit.machine.native import NativeMachine, native_isa
from jit.machine.protocol import Machine

_log = logging.getLogger("jit.machine")


def native_machine(isa: str) -> Machine:
    """Return a machine that runs code on this processor.  Raise MachineError if it cannot."""
    return NativeMachine(isa)


def emulated_machine(isa: str) -> Machine:
    """Return a machine that runs code under unicorn.  Raise MachineError for an unknown ISA."""
    return EmulatedMachine(isa)


def default_machine(isa: str) -> Machine:
    """Return the native machine where there is one, else the emulated one, and log that."""
    if native_isa() == isa:
        return NativeMachine(isa)
    _log.warning("%s code does not run natively here: it is emulated, many times slower", isa)
    return EmulatedMachine(isa)
