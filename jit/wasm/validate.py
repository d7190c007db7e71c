"""Decoding and validating a function body in one pass (specification: Validation, Instructions).

The loop below handles the frequent operators of live code inline, with immediates of few bytes;
whatever is rare, unusual or wrong goes to `Operators`, which knows every rule and raises the error.
Statically unreachable operators are validated there too, but left out of the Body.
"""

from jit.wasm import opcodes
from jit.wasm.body import Block, Body
from jit.wasm.decode import decode_instruction
from jit.wasm.errors import InvalidModule, MalformedModule, WasmError
from jit.wasm.module import parse_module
from jit.wasm.opcodes import ACCESS_LOG2, OPS
from jit.wasm.operators import Operators
from jit.wasm.reader import read_u32, read_valtype
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import WasmPc

__all__ = ["MAX_LOCALS", "Block", "Body", "validate_body", "validate_module"]

MAX_LOCALS = 50_000
"""The most locals, parameters included, that a function may have."""


def validate_module(data: bytes) -> ModuleInfo:
    """Decode a module and validate all of it, bodies included; raise a WasmError."""
    module = parse_module(data)
    for index in range(len(module.bodies)):
        validate_body(module, index)
    return module


def validate_body(module: ModuleInfo, defined_index: int) -> Body:
    """Decode and validate one body, by its index among the defined functions.

    Raise a WasmError with the offset in the module where it is wrong.
    """
    span = module.bodies[defined_index]
    try:
        body = _read_locals(module, defined_index)
        end = _BodyValidator(body).run()
    except WasmError as error:
        if error.offset < span.end:
            raise
    except IndexError:
        # The loop reads bytes unchecked; a body is rarely at the very end of the file.
        pass
    else:
        if end == span.end:
            return body
        if end < span.end:
            raise MalformedModule("operators remaining after the end of the function", end)
    raise MalformedModule("unexpected end of section or function", span.end)


def _read_locals(module: ModuleInfo, defined_index: int) -> Body:
    data = module.data
    start = module.bodies[defined_index].start
    local_types = list(module.func_type(module.num_imported_funcs + defined_index).params)
    groups, pos = read_u32(data, start)
    for _ in range(groups):
        pc = pos
        count, pos = read_u32(data, pos)
        valtype, pos = read_valtype(data, pos)
        if len(local_types) + count > MAX_LOCALS:
            raise InvalidModule(f"too many locals: at most {MAX_LOCALS} are supported", pc)
        local_types += [valtype] * count
    return Body(module, defined_index, local_types, WasmPc(pos))


# Tables over one-byte opcodes, for the loop: the operand type and result type of numeric operators
# and of loads, the operand type of stores, the natural alignment of both; 0 where there is none.
_OPERAND = [0] * 256
_RESULT = [0] * 256
_BINARY = [False] * 256
_ALIGN = [-1] * 256
for _op in OPS.values():
    if _op.code < 0x100 and _op.signature is not None and _op.signature.params:
        _OPERAND[_op.code] = _op.signature.params[-1]
        _RESULT[_op.code] = _op.signature.results[0] if _op.signature.results else 0
        _BINARY[_op.code] = len(_op.signature.params) == 2
        _ALIGN[_op.code] = ACCESS_LOG2.get(_op.immediates, -1)
_NO_ACCESS = [-1] * 256

# Signed LEB128 of one byte, as 32 and 64-bit patterns.
_CONST32 = [byte if byte < 0x40 else byte - 0x80 & 0xFFFF_FFFF for byte in range(0x80)]
_CONST64 = [byte if byte < 0x40 else byte - 0x80 & 0xFFFF_FFFF_FFFF_FFFF for byte in range(0x80)]

_FINAL = frozenset({opcodes.UNREACHABLE, opcodes.BR, opcodes.BR_TABLE, opcodes.RETURN})
"""Operators after which the rest of the block is unreachable."""


class _BodyValidator(Operators):
    """The pass over one body."""

    def run(self) -> int:
        """Fill the Body; return the position after the `end` that closes the function."""
        body = self.body
        pos: int = body.first_op
        stack = self.stack
        controls = self.controls
        while controls:
            code, imm, after = decode_instruction(self.module.data, pos)
            imm = self.apply(pos, code, imm)
            body.ops.append(code)
            body.imms.append(imm)
            body.pcs.append(pos)
            depth = len(stack) - len(controls)
            if depth > body.max_stack:
                body.max_stack = depth
            pos = after
            if code in _FINAL:
                pos = self._skip_unreachable(pos)
        return pos

    def _skip_unreachable(self, pos: int) -> int:
        """Validate what cannot be reached; return the position of the block's `else` or `end`."""
        self.live = False
        self.make_unreachable()
        depth = len(self.controls)
        data = self.module.data
        while True:
            code, imm, after = decode_instruction(data, pos)
            if len(self.controls) == depth and code in (opcodes.END, opcodes.ELSE):
                break
            self.apply(pos, code, imm)
            self.body.dead_pcs.append(pos)
            pos = after
        self.code = code
        self.pc = pos
        results = self.controls[-1].results
        self.check_results()
        self.stack.append(0)
        self.make_reachable(results)
        self.live = True
        return pos
