"""What each operator takes and leaves on the stacks (specification: Validation, Instructions).

This is the complete rule book, in live and in unreachable code alike; `validate` takes shortcuts
for frequent operators in live code and comes here for the rest.
"""

from collections.abc import Callable

from jit.wasm import opcodes
from jit.wasm.body import Block, BlockKind
from jit.wasm.decode import EMPTY_BLOCK
from jit.wasm.errors import MalformedModule
from jit.wasm.opcodes import ACCESS_LOG2, OPS, Imm
from jit.wasm.operands import BOTTOM, UNKNOWN, Operands
from jit.wasm.types import (
    FUNCREF,
    I32,
    NUMBER_TYPES,
    REFERENCE_TYPES,
    TableType,
)


class Operators(Operands):
    """Each operator's effect on the stacks of one body."""

    def apply(self, pc: int, code: int, imm: object) -> object:
        """Validate one operator; return the immediate a Body holds for it."""
        self.pc = pc
        self.code = code
        op = OPS[code]
        signature = op.signature
        if signature is None:
            return _EFFECTS[code](self, imm)
        if op.immediates in _CHECKS:
            imm = _CHECKS[op.immediates](self, imm)
        self.pop_all(signature.params)
        self.stack.extend(signature.results)
        return imm

    # Control

    def unreachable(self, imm: object) -> object:
        """Nothing after it in its block is reachable."""
        self.make_unreachable()
        return imm

    def _enter(self, kind: BlockKind, imm: int) -> Block:
        params: tuple[int, ...] = ()
        results: tuple[int, ...] = ()
        if imm >= 0:
            if imm >= len(self.module.types):
                raise self.invalid(f"unknown type {imm}")
            params = self.module.types[imm].params
            results = self.module.types[imm].results
        elif imm != EMPTY_BLOCK:
            results = (imm + 0x80,)
        self.pop_all(params)
        start = len(self.body.ops) if self.live else -1
        block = Block(kind, params, results, start, len(self.stack) - len(self.controls))
        self.controls.append(block)
        self.stack.append(BOTTOM)
        self.stack.extend(params)
        return block

    def block(self, imm: int) -> Block:
        """A label at its end."""
        return self._enter("block", imm)

    def loop(self, imm: int) -> Block:
        """A label at its start."""
        return self._enter("loop", imm)

    def if_(self, imm: int) -> Block:
        """Pop the condition, then enter."""
        self.pop(I32)
        return self._enter("if", imm)

    def else_(self, _: object) -> Block:
        """End the first arm; the second starts with the params."""
        block = self.controls[-1]
        if block.kind != "if" or block.else_ != -1:
            raise self.invalid("else found outside of an if")
        self.check_results()
        block.else_ = len(self.body.ops)
        self.stack.append(BOTTOM)
        self.stack.extend(block.params)
        return block

    def end(self, _: object) -> Block:
        """Leave the innermost block with its results."""
        block = self.controls[-1]
        if block.kind == "if" and block.else_ == -1 and block.params != block.results:
            raise self.invalid("type mismatch: if without else must leave what it takes")
        self.check_results()
        self.controls.pop()
        self.stack.extend(block.results)
        block.end = len(self.body.ops)
        return block

    def br(self, imm: int) -> Block:
        """Branch always."""
        block = self.label(imm)
        self.pop_all(block.label_types)
        self.make_unreachable()
        return block

    def br_if(self, imm: int) -> Block:
        """Branch or fall through with the same operands."""
        self.pop(I32)
        block = self.label(imm)
        self.pop_all(block.label_types)
        self.stack.extend(block.label_types)
        return block

    def br_table(self, imm: tuple[int, ...]) -> tuple[Block, ...]:
        """Branch to one of several labels that carry the same number of values."""
        self.pop(I32)
        blocks = tuple(map(self.label, imm))
        arity = len(blocks[-1].label_types)
        for types in {block.label_types for block in blocks}:
            if len(types) != arity:
                raise self.invalid("type mismatch: br_table labels differ in arity")
            self.stack.extend(self.pop_all(types))
        self.make_unreachable()
        return blocks

    def return_(self, imm: object) -> object:
        """Leave the function."""
        self.pop_all(self.body.type.results)
        self.make_unreachable()
        return imm

    def call(self, imm: int) -> int:
        """Call a function by index."""
        if imm >= len(self.module.func_types):
            raise self.invalid(f"unknown function {imm}")
        callee = self.module.func_type(imm)
        self.pop_all(callee.params)
        self.stack.extend(callee.results)
        return imm

    def call_indirect(self, imm: tuple[int, int]) -> tuple[int, int]:
        """Call through a table of funcref."""
        type_index, table = imm
        if self.table(table).element != FUNCREF:
            raise self.invalid(f"type mismatch: call_indirect needs funcref in table {table}")
        if type_index >= len(self.module.types):
            raise self.invalid(f"unknown type {type_index}")
        callee = self.module.types[type_index]
        self.pop(I32)
        self.pop_all(callee.params)
        self.stack.extend(callee.results)
        return imm

    # Parametric and variable

    def drop(self, _: object) -> int:
        """Pop anything."""
        return self.pop_any()

    def select(self, _: object) -> int:
        """Two numbers of one type, and a condition."""
        self.pop(I32)
        one = self.pop_any()
        two = self.pop_any()
        type_ = one if two == UNKNOWN else two
        for actual in (one, two):
            if actual != UNKNOWN and (actual not in NUMBER_TYPES or actual != type_):
                raise self.mismatch("two numbers of one type", actual)
        self.stack.append(type_)
        return type_

    def select_typed(self, imm: tuple[int, ...]) -> int:
        """Two values of the stated type, and a condition."""
        if len(imm) != 1:
            raise self.invalid("invalid result arity")
        type_ = imm[0]
        self.pop_all((type_, type_, I32))
        self.stack.append(type_)
        return type_

    def local(self, index: int) -> int:
        """The type of a local."""
        if index >= len(self.local_types):
            raise self.invalid(f"unknown local {index}")
        return self.local_types[index]

    def local_get(self, imm: int) -> int:
        """Push a local."""
        self.stack.append(self.local(imm))
        return imm

    def local_set(self, imm: int) -> int:
        """Pop into a local."""
        self.pop(self.local(imm))
        return imm

    def local_tee(self, imm: int) -> int:
        """Copy to a local."""
        type_ = self.local(imm)
        self.pop(type_)
        self.stack.append(type_)
        return imm

    def global_get(self, imm: int) -> int:
        """Push a global."""
        if imm >= len(self.module.globals):
            raise self.invalid(f"unknown global {imm}")
        self.stack.append(self.module.globals[imm].valtype)
        return imm

    def global_set(self, imm: int) -> int:
        """Pop into a mutable global."""
        if imm >= len(self.module.globals):
            raise self.invalid(f"unknown global {imm}")
        if not self.module.globals[imm].mutable:
            raise self.invalid(f"immutable global {imm}")
        self.pop(self.module.globals[imm].valtype)
        return imm

    # References and tables

    def table(self, index: int) -> TableType:
        """The type of a table."""
        if index >= len(self.module.tables):
            raise self.invalid(f"unknown table {index}")
        return self.module.tables[index]

    def table_get(self, imm: int) -> int:
        """Index to reference."""
        element = self.table(imm).element
        self.pop(I32)
        self.stack.append(element)
        return imm

    def table_set(self, imm: int) -> int:
        """Index and reference."""
        self.pop_all((I32, self.table(imm).element))
        return imm

    def table_grow(self, imm: int) -> int:
        """Initial reference and count to the old size."""
        self.pop_all((self.table(imm).element, I32))
        self.stack.append(I32)
        return imm

    def table_fill(self, imm: int) -> int:
        """Start, reference, count."""
        self.pop_all((I32, self.table(imm).element, I32))
        return imm

    def ref_null(self, imm: int) -> int:
        """Push a null reference."""
        self.stack.append(imm)
        return imm

    def ref_is_null(self, imm: object) -> object:
        """Any reference to i32."""
        actual = self.pop_any()
        if actual not in REFERENCE_TYPES and actual != UNKNOWN:
            raise self.mismatch("a reference", actual)
        self.stack.append(I32)
        return imm

    # Immediates of operators with a fixed signature

    def check_access(self, imm: tuple[int, int]) -> int:
        """Alignment and offset of a memory access: the offset is what remains of them."""
        self.check_memory(imm)
        align, offset = imm
        if align > ACCESS_LOG2[OPS[self.code].immediates]:
            raise self.invalid("alignment must not be larger than natural")
        return offset

    def check_memory(self, _: object) -> None:
        """There must be a memory."""
        if not self.module.memories:
            raise self.invalid("unknown memory 0")

    def check_function(self, imm: int) -> int:
        """A function that something outside the bodies mentions."""
        if imm >= len(self.module.func_types):
            raise self.invalid(f"unknown function {imm}")
        if imm not in self.module.declared_refs:
            raise self.invalid(f"undeclared function reference {imm}")
        return imm

    def check_data(self, imm: int) -> int:
        """A data segment."""
        count = self.module.data_count
        if count is None:
            raise MalformedModule("data count section required", self.pc)
        if imm >= count:
            raise self.invalid(f"unknown data segment {imm}")
        return imm

    def check_data_memory(self, imm: tuple[int, int]) -> int:
        """A data segment and the memory: the segment is what remains of them."""
        self.check_memory(imm)
        return self.check_data(imm[0])

    def check_elem(self, imm: int) -> int:
        """An element segment."""
        if imm >= len(self.module.elements):
            raise self.invalid(f"unknown elem segment {imm}")
        return imm

    def check_elem_table(self, imm: tuple[int, int]) -> tuple[int, int]:
        """An element segment and a table of its type."""
        segment, table = imm
        element = self.table(table).element
        if self.module.elements[self.check_elem(segment)].element_type != element:
            raise self.invalid("type mismatch: element segment and table")
        return imm

    def check_table(self, imm: int) -> int:
        """A table."""
        self.table(imm)
        return imm

    def check_tables(self, imm: tuple[int, int]) -> tuple[int, int]:
        """Two tables of one type."""
        if self.table(imm[0]).element != self.table(imm[1]).element:
            raise self.invalid("type mismatch: tables differ in type")
        return imm


# The immediates a method takes are those `decode` yields for the opcode it stands beside.
_EFFECTS: dict[int, Callable[..., object]] = {
    opcodes.UNREACHABLE: Operators.unreachable,
    opcodes.BLOCK: Operators.block,
    opcodes.LOOP: Operators.loop,
    opcodes.IF: Operators.if_,
    opcodes.ELSE: Operators.else_,
    opcodes.END: Operators.end,
    opcodes.BR: Operators.br,
    opcodes.BR_IF: Operators.br_if,
    opcodes.BR_TABLE: Operators.br_table,
    opcodes.RETURN: Operators.return_,
    opcodes.CALL: Operators.call,
    opcodes.CALL_INDIRECT: Operators.call_indirect,
    opcodes.DROP: Operators.drop,
    opcodes.SELECT: Operators.select,
    opcodes.SELECT_T: Operators.select_typed,
    opcodes.LOCAL_GET: Operators.local_get,
    opcodes.LOCAL_SET: Operators.local_set,
    opcodes.LOCAL_TEE: Operators.local_tee,
    opcodes.GLOBAL_GET: Operators.global_get,
    opcodes.GLOBAL_SET: Operators.global_set,
    opcodes.TABLE_GET: Operators.table_get,
    opcodes.TABLE_SET: Operators.table_set,
    opcodes.TABLE_GROW: Operators.table_grow,
    opcodes.TABLE_FILL: Operators.table_fill,
    opcodes.REF_NULL: Operators.ref_null,
    opcodes.REF_IS_NULL: Operators.ref_is_null,
}
_CHECKS: dict[Imm, Callable[..., object]] = {
    Imm.MEM8: Operators.check_access,
    Imm.MEM16: Operators.check_access,
    Imm.MEM32: Operators.check_access,
    Imm.MEM64: Operators.check_access,
    Imm.MEMORY: Operators.check_memory,
    Imm.MEMORY_MEMORY: Operators.check_memory,
    Imm.FUNC: Operators.check_function,
    Imm.DATA: Operators.check_data,
    Imm.DATA_MEMORY: Operators.check_data_memory,
    Imm.ELEM: Operators.check_elem,
    Imm.ELEM_TABLE: Operators.check_elem_table,
    Imm.TABLE: Operators.check_table,
    Imm.TABLE_TABLE: Operators.check_tables,
}
