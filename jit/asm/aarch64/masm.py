"""The macro assembler of aarch64: its tables, put together."""

from functools import cached_property

from jit.abi.convention import AARCH64
from jit.abi.vmctx import Stub
from jit.asm.aarch64 import control, floats, integers, memory
from jit.asm.aarch64 import encoding as a
from jit.asm.aarch64.sequence import link, outward
from jit.asm.masm import Checked, MacroAssembler
from jit.asm.memo import Memo, memo2
from jit.asm.places import FLOAT


class Aarch64MacroAssembler(MacroAssembler):
    """Scratch registers are x15, x16, x17 and v31; x27 and x28 are pinned, x18 is never used."""

    def __init__(self, far: bool = False) -> None:
        """With `far`, branches forward reach 128 MiB instead of 1."""
        self._far = far
        self.convention = AARCH64
        self.site_reach = len(a.NOP)
        self.filler = b""
        self.site = a.NOP
        self.pool = (*range(a.X7, a.X0 - 1, -1), *range(a.X26, a.X19 - 1, -1), *range(14, 7, -1))
        self.float_pool = tuple(range(FLOAT + 30, FLOAT - 1, -1))
        self.homes = 4
        self.float_homes = 8
        self.has_flags = True

        self.slot_load32 = memo2(lambda dst, key: control.slot_load(key, dst, 0))
        self.slot_load64 = memo2(lambda dst, key: control.slot_load(key, dst, 1))
        self.slot_load_float = memo2(lambda dst, key: control.slot_load_float(key, dst))
        self.slot_store = memo2(lambda src, key: control.slot_store(key, src))
        self.slot_move = memo2(control.slot_move)
        self.epilogue = control.EPILOGUE

        self.move32 = memo2(lambda dst, src: integers.move(dst, src, 0))
        self.move64 = memo2(lambda dst, src: integers.move(dst, src, 1))
        self.move_float = memo2(floats.move)
        self.three = integers.three() | floats.three()
        self.binary = integers.two_address(self.three)
        self.divide = integers.divide(far)
        self.unary = integers.unary() | floats.unary()
        self.truncate = floats.truncate(far)
        self.compare = integers.compare() | floats.compare()
        self.set_flag = memo2(integers.set_flag)
        self.inverse = integers.INVERSE
        self.select = Memo(lambda cc: memo2(lambda x, y: integers.select(cc, x, y)))
        self.select_float = Memo(lambda cc: memo2(lambda x, y: floats.select(cc, x, y)))

        self.load = memory.loads(far)
        self.store = memory.stores(far)
        self.watch_address = memo2(memory.watch_address)
        self.watch_check = Memo(lambda size: memory.watch_check(size, far))
        self.watch_call = Memo(memory.watch_call)
        self.watch_range = memo2(memory.watch_range)
        self.memory_size = Memo(memory.memory_size)
        self.global_get = memory.global_gets()
        self.global_set = memory.global_sets()
        self.table_size = memo2(memory.table_size)

        self.jump = control.JUMP
        self.branch = Memo(lambda cc: outward(a.b_cond(cc), far))
        self.branch_nonzero = Memo(lambda r: outward(a.cbnz(r), far))
        self.branch_zero = Memo(lambda r: outward(a.cbz(r), far))
        self.trap_exit = Memo(control.trap_exit)
        self.interrupt_check = control.interrupt_check(far)
        self.interrupt_call = control.call_stub(Stub.INTERRUPT)
        self.stack_check = control.stack_check(far)
        self.epoch_check = control.epoch_check(far)
        self.epoch_call = control.call_stub(Stub.EPOCH)

        self.call_defined = Memo(control.call_defined)
        self.call_import = Memo(control.call_import)
        self.call_record = control.CALL_RECORD
        self.leave_callee = control.LEAVE_CALLEE
        self.call_libcall = Memo(control.call_libcall)
        self.call_stub = Memo(control.call_stub)
        self.branch_failed = control.branch_failed(far)
        self.overflow_store = memo2(control.overflow_store)
        self.overflow_load = memo2(control.overflow_load)

    @cached_property
    def far(self) -> MacroAssembler:
        """See MacroAssembler."""
        return self if self._far else Aarch64MacroAssembler(far=True)

    def slot_key(self, offset: int, frame_size: int) -> int:
        """See MacroAssembler."""
        return offset

    def slot_constant(self, constant: int, key: int) -> bytes:
        """See MacroAssembler."""
        return control.slot_store(key, constant)

    def frame_size(self, slots: int) -> int:
        """See MacroAssembler."""
        return control.frame_size(slots)

    def prologue(self, frame_size: int) -> bytes:
        """See MacroAssembler."""
        return control.prologue(frame_size)

    def frame_check(self, frame_size: int) -> bytes:
        """See MacroAssembler."""
        return control.frame_check(frame_size, self._far)

    def zero_slots(self, start: int, end: int, frame_size: int) -> bytes:
        """See MacroAssembler."""
        return control.zero_slots(start, end)

    def table_get(self, table: int, index: int, slot: int) -> Checked:
        """See MacroAssembler."""
        return memory.table_get(table, index, slot, self._far)

    def table_set(self, table: int, index: int, slot: int) -> Checked:
        """See MacroAssembler."""
        return memory.table_set(table, index, slot, self._far)

    def function_reference(self, import_: bool, offset: int, slot: int) -> bytes:
        """See MacroAssembler."""
        return control.function_reference(import_, offset, slot)

    def link(self, code: bytearray, end: int, target: int) -> None:
        """See MacroAssembler."""
        link(code, end, target)

    def jump_back(self, at: int, target: int) -> bytes:
        """See MacroAssembler."""
        return control.jump_back(at, target)

    def branch_back(self, condition: int, at: int, target: int) -> bytes:
        """See MacroAssembler."""
        return control.branch_back(condition, at, target)

    def branch_table(self, index: int, count: int) -> bytes:
        """See MacroAssembler."""
        return control.branch_table(index, count)

    def indirect_record(self, table: int, type_: int, index: int) -> Checked:
        """See MacroAssembler."""
        return memory.indirect_record(table, type_, index, self._far)
