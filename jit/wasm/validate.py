"""Decoding and validating a function body in one pass (specification: Validation, Instructions).

The loop below handles the frequent operators of live code inline, with immediates of few bytes;
whatever is rare, unusual or wrong goes to `Operators`, which knows every rule and raises the error.
Statically unreachable operators are validated there too, but left out of the Body.
"""

from jit.wasm.body import Block, BlockKind, Body
from jit.wasm.decode import decode_instruction
from jit.wasm.errors import MalformedModule, WasmError
from jit.wasm.locals import read_locals
from jit.wasm.module import parse_module
from jit.wasm.opcodes import (
    ACCESS_LOG2,
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    CALL,
    ELSE,
    END,
    GLOBAL_GET,
    GLOBAL_SET,
    I32_CONST,
    I32_EQZ,
    I32_LOAD,
    I64_CONST,
    I64_LOAD32_U,
    I64_STORE32,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    LOOP,
    OPS,
    RETURN,
    UNREACHABLE,
)
from jit.wasm.operands import BOTTOM
from jit.wasm.operators import Operators
from jit.wasm.reader import MASK32, MASK64, read_signed, read_u32
from jit.wasm.structure import ModuleInfo
from jit.wasm.types import I32, I64

__all__ = ["Block", "Body", "validate_body", "validate_module"]


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
        local_types, first_op = read_locals(module, defined_index)
        body = Body(module, defined_index, local_types, first_op)
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


# Tables over one-byte opcodes, for the loop: the operand type and result type of numeric operators
# and of loads, the operand type of stores, the natural alignment of both; -1 where there is none.
_OPERAND = [-1] * 256
_RESULT = [-1] * 256
_BINARY = [False] * 256
_ALIGN = [-1] * 256
for _op in OPS.values():
    if I32_LOAD <= _op.code < 0x100 and _op.signature and _op.signature.params:
        _OPERAND[_op.code] = _op.signature.params[-1]
        _RESULT[_op.code] = _op.signature.results[0] if _op.signature.results else -1
        _BINARY[_op.code] = len(_op.signature.params) == 2
        _ALIGN[_op.code] = ACCESS_LOG2.get(_op.immediates, -1)
_NO_ACCESS = [-1] * 256

# Signed LEB128 of one byte, as 32-bit patterns.
_CONST32 = [byte if byte < 0x40 else byte - 0x80 & 0xFFFF_FFFF for byte in range(0x80)]

_FINAL = frozenset({UNREACHABLE, BR, BR_TABLE, RETURN})
"""Operators after which the rest of the block is unreachable."""


class _BodyValidator(Operators):
    """The pass over one body."""

    def run(self) -> int:
        """Fill the Body; return the position after the `end` that closes the function.

        Each shortcut tests all it needs before it changes anything; the one that applies sets
        `after`, and where none does the general case at the bottom starts afresh.
        """
        body, module, data = self.body, self.module, self.module.data
        ops, imms, pcs = body.ops, body.imms, body.pcs
        stack, controls, local_types = self.stack, self.controls, self.local_types
        operand, result, binary = _OPERAND, _RESULT, _BINARY
        align = _ALIGN if module.memories else _NO_ACCESS
        num_locals, num_globals = len(local_types), len(module.globals)
        # The greatest stack length so far, taken as if it had as many marks as there are now.
        limit = 1
        pos: int = body.first_op
        imm: object
        while True:
            after = 0
            op = data[pos]
            if op == LOCAL_GET:
                value = data[pos + 1]
                end = pos + 2
                if value >= 0x80:
                    value, end = read_u32(data, pos + 1)
                if value < num_locals:
                    stack.append(local_types[value])
                    if len(stack) > limit:
                        limit = len(stack)
                    imm = value
                    after = end
            elif op >= I32_EQZ:
                type_ = operand[op]
                if stack[-1] == type_:
                    if not binary[op]:
                        stack[-1] = result[op]
                        imm = None
                        after = pos + 1
                    elif stack[-2] == type_:
                        stack.pop()
                        stack[-1] = result[op]
                        imm = None
                        after = pos + 1
            elif op == I32_CONST:
                value = data[pos + 1]
                if value < 0x80:
                    imm = _CONST32[value]
                    after = pos + 2
                else:
                    value, after = read_signed(data, pos + 1, 32)
                    imm = value & MASK32
                stack.append(I32)
                if len(stack) > limit:
                    limit = len(stack)
            elif op >= I32_LOAD:
                if op <= I64_LOAD32_U:
                    if data[pos + 1] <= align[op] and stack[-1] == I32:
                        value = data[pos + 2]
                        after = pos + 3
                        if value >= 0x80:
                            value, after = read_u32(data, pos + 2)
                        imm = value
                        stack[-1] = result[op]
                elif op <= I64_STORE32:
                    type_ = operand[op]
                    if data[pos + 1] <= align[op] and stack[-1] == type_ and stack[-2] == I32:
                        value = data[pos + 2]
                        after = pos + 3
                        if value >= 0x80:
                            value, after = read_u32(data, pos + 2)
                        imm = value
                        del stack[-2:]
                elif op == I64_CONST:
                    value, after = read_signed(data, pos + 1, 64)
                    imm = value & MASK64
                    stack.append(I64)
                    if len(stack) > limit:
                        limit = len(stack)
            elif LOCAL_SET <= op <= LOCAL_TEE:
                value = data[pos + 1]
                end = pos + 2
                if value >= 0x80:
                    value, end = read_u32(data, pos + 1)
                if value < num_locals and stack[-1] == local_types[value]:
                    if op == LOCAL_SET:
                        stack.pop()
                    imm = value
                    after = end
            elif op == END:
                block = controls[-1]
                if (
                    stack[-1] == BOTTOM
                    and not block.results
                    and (not block.params or block.kind != "if")
                ):
                    stack.pop()
                    controls.pop()
                    limit -= 1
                    block.end = len(ops)
                    imm = block
                    after = pos + 1
            elif op == BR_IF:
                value = data[pos + 1]
                if value < len(controls) and value < 0x80 and stack[-1] == I32:
                    block = controls[-1 - value]
                    if not block.label_types:
                        block.targeted = True
                        stack.pop()
                        imm = block
                        after = pos + 2
            elif op == BR:
                value = data[pos + 1]
                if value < len(controls) and value < 0x80:
                    block = controls[-1 - value]
                    if not block.label_types:
                        block.targeted = True
                        imm = block
                        after = pos + 2
            elif GLOBAL_GET <= op <= GLOBAL_SET:
                value, end = read_u32(data, pos + 1)
                if value < num_globals:
                    type_ = module.globals[value].valtype
                    if op == GLOBAL_GET:
                        stack.append(type_)
                        if len(stack) > limit:
                            limit = len(stack)
                        imm = value
                        after = end
                    elif stack[-1] == type_ and module.globals[value].mutable:
                        stack.pop()
                        imm = value
                        after = end
            elif BLOCK <= op <= LOOP:
                if data[pos + 1] == 0x40:
                    kind: BlockKind = "block" if op == BLOCK else "loop"
                    imm = block = Block(kind, (), (), len(ops), len(stack) - len(controls))
                    controls.append(block)
                    stack.append(BOTTOM)
                    limit += 1
                    after = pos + 2
            elif op == CALL:
                value, end = read_u32(data, pos + 1)
                if value < len(module.func_types):
                    callee = module.types[module.func_types[value]]
                    arity = len(callee.params)
                    if not arity or tuple(stack[-arity:]) == callee.params:
                        if arity:
                            del stack[-arity:]
                        stack.extend(callee.results)
                        if len(stack) > limit:
                            limit = len(stack)
                        imm = value
                        after = end
            if after:
                ops.append(op)
                imms.append(imm)
                pcs.append(pos)
                pos = after
                if op == BR:
                    pos = self._skip_unreachable(pos)
                elif op == END and not controls:
                    break
                continue
            nesting = len(controls)
            op, imm, after = decode_instruction(data, pos)
            imm = self.apply(pos, op, imm)
            ops.append(op)
            imms.append(imm)
            pcs.append(pos)
            limit += len(controls) - nesting
            if len(stack) > limit:
                limit = len(stack)
            pos = after
            if op in _FINAL:
                pos = self._skip_unreachable(pos)
            elif not controls:
                break
        body.max_stack = limit
        return pos

    def _skip_unreachable(self, pos: int) -> int:
        """Validate what cannot be reached; return the position of the block's `else` or `end`."""
        data = self.module.data
        results = self.controls[-1].results
        if data[pos] != END and data[pos] != ELSE:
            self.live = False
            self.make_unreachable()
            depth = len(self.controls)
            while True:
                code, imm, after = decode_instruction(data, pos)
                if len(self.controls) == depth and code in (END, ELSE):
                    break
                self.apply(pos, code, imm)
                self.body.dead_pcs.append(pos)
                pos = after
            self.code = code
            self.pc = pos
            self.check_results()
            self.live = True
        self.make_reachable(results)
        return pos
