"""Reference and table operators (specification: Reference and Table Instructions)."""

from jit.abi.libcalls import Libcall
from jit.asm.masm import MacroAssembler
from jit.asm.places import CONST, REGISTER, SLOT
from jit.compile.calls import call_libcall
from jit.compile.handler import Handler
from jit.compile.state import State
from jit.wasm.opcodes import (
    ELEM_DROP,
    I64_EQZ,
    REF_FUNC,
    REF_IS_NULL,
    REF_NULL,
    TABLE_COPY,
    TABLE_FILL,
    TABLE_GET,
    TABLE_GROW,
    TABLE_INIT,
    TABLE_SET,
    TABLE_SIZE,
)


def handlers(masm: MacroAssembler, numeric: dict[int, Handler]) -> dict[int, Handler]:
    """Return a handler for each of these operators."""
    return {
        REF_NULL: _ref_null,
        REF_IS_NULL: numeric[I64_EQZ],
        REF_FUNC: _ref_func,
        TABLE_GET: _table_get,
        TABLE_SET: _table_set,
        TABLE_SIZE: _table_size(masm),
        TABLE_GROW: _table_grow,
        TABLE_FILL: _table_fill,
        TABLE_COPY: _table_copy,
        TABLE_INIT: _table_init,
        ELEM_DROP: _elem_drop,
    }


def _ref_null(s: State, _: int, __: int) -> None:
    """A constant: there is nothing to keep alive."""
    s.stack.append(CONST)


def _ref_func(s: State, function: int, _: int) -> None:
    defined = function - s.body.module.num_imported_funcs
    imported = defined < 0
    offset = s.vmctx.import_(function) if imported else s.vmctx.record(defined)
    s.code += s.masm.function_reference(imported, offset, s.operand_keys[len(s.stack)])
    s.stack.append(SLOT)


def _table_get(s: State, table: int, index: int) -> None:
    stack = s.stack
    depth = len(stack) - 1
    element = s.load(stack.pop(), depth, False)
    key = s.operand_keys[depth]
    s.checked(s.masm.table_get(s.vmctx.table(table), element & REGISTER, key), index)
    s.release(element)
    stack.append(SLOT)


def _table_set(s: State, table: int, index: int) -> None:
    stack = s.stack
    key = s.operand_keys[len(stack) - 1]
    reference = stack.pop()
    if reference != SLOT:
        s.store_slot(reference, key)
    depth = len(stack) - 1
    element = s.load(stack.pop(), depth, False)
    s.checked(s.masm.table_set(s.vmctx.table(table), element & REGISTER, key), index)
    s.release(element)


def _table_size(masm: MacroAssembler) -> Handler:
    def handler(s: State, table: int, _: int) -> None:
        register = s.free.pop() if s.free else s.evict(s.free)
        s.code += masm.table_size[s.vmctx.table(table)][register]
        s.stack.append(register)

    return handler


def _table_grow(s: State, table: int, index: int) -> None:
    call_libcall(s, index, Libcall.TABLE_GROW, (table,))


def _table_fill(s: State, table: int, index: int) -> None:
    call_libcall(s, index, Libcall.TABLE_FILL, (table,))


def _table_copy(s: State, tables: tuple[int, int], index: int) -> None:
    call_libcall(s, index, Libcall.TABLE_COPY, tables)


def _table_init(s: State, imm: tuple[int, int], index: int) -> None:
    segment, table = imm
    call_libcall(s, index, Libcall.TABLE_INIT, (table, segment))


def _elem_drop(s: State, segment: int, index: int) -> None:
    call_libcall(s, index, Libcall.ELEM_DROP, (segment,))
