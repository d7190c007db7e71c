"""The instruction sets that code can be made for, by our names and by those of target triples."""

from jit.asm.aarch64.isa import ISA as AARCH64
from jit.asm.x64.isa import ISA as X64
from jit.compile.compiler import CompilerIsa
from jit.machine.native import native_isa
from jit.runtime.errors import WasmtimeError

TARGETS: dict[str, CompilerIsa] = {isa.name: isa for isa in (X64, AARCH64)}

_ARCHITECTURES = {"x86_64": X64.name, "aarch64": AARCH64.name}


def target_named(name: str) -> str:
    """Return our name of a target given by that, or by a triple.  Raise WasmtimeError for an unknown one."""
    architecture, _, rest = name.partition("-")
    known = _ARCHITECTURES.get(architecture, name) if rest else name
    if known not in TARGETS:
        raise WasmtimeError(
            f"no code can be made for `{name}`: it is one of {', '.join(TARGETS)}, or a triple"
        )
    return known


def host_target() -> CompilerIsa:
    """Return this host's instruction set, or x86-64 where its is none of ours."""
    return TARGETS[native_isa() or X64.name]
