"""The macro assembler of x86-64: its tables, put together."""

from struct import Struct

from jit.abi.convention import X86_64
from jit.abi.vmctx import Stub
from jit.asm.masm import Checked, MacroAssembler
from jit.asm.memo import Memo, memo2
from jit.asm.places import FLOAT
from jit.asm.x64 import control, floats, integers, memory
from jit.asm.x64 import encoding as x
from jit.asm.x64.sequence import NOT_ZERO, ZERO

_set_distance = Struct("<i").pack_into

SITE = b"\x26" * 5
"""Five prefixes that mean nothing (es), to the instruction behind them: an enabled site is a call of five bytes.

So a site takes no room in the processor but that of its bytes.  An instruction has at most 15 bytes.
"""


class X64MacroAssembler(MacroAssembler):
    """Scratch registers are rax, rcx, rdx, xmm14 and xmm15; r14 and r15 are pinned."""

    def __init__(self) -> None:
        self.convention = X86_64
        self.site = SITE
        self.site_reach = 15 - len(SITE)
        self.filler = b"\x90"
        self.pool = (x.R13, x.R12, x.R11, x.R10, x.R9, x.R8, x.RDI, x.RSI, x.RBX)
        self.float_pool = tuple(range(FLOAT + 13, FLOAT - 1, -1))
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
        self.binary = integers.binary() | floats.binary()
        self.three = integers.three(self.binary) | floats.three(self.binary)
        self.divide = integers.divide()
        self.unary = integers.unary() | floats.unary()
        self.truncate = floats.truncate()
        self.compare = integers.compare() | floats.compare()
        self.set_flag = memo2(integers.set_flag)
        self.inverse = integers.INVERSE
        self.select = Memo(lambda cc: memo2(lambda a, b: integers.select(cc, a, b)))
        self.select_float = Memo(lambda cc: memo2(lambda a, b: floats.select(cc, a, b)))

        self.load = memory.loads()
        self.store = memory.stores()
        self.watch_address = memo2(memory.watch_address)
        self.watch_check = Memo(memory.watch_check)
        self.watch_call = Memo(memory.watch_call)
        self.watch_range = memo2(memory.watch_range)
        self.memory_size = Memo(memory.memory_size)
        self.global_get = memory.global_gets()
        self.global_set = memory.global_sets()
        self.table_size = memo2(memory.table_size)

        self.jump = control.JUMP
        self.branch = Memo(control.branch)
        self.branch_nonzero = Memo(lambda r: control.branch_register(r, NOT_ZERO))
        self.branch_zero = Memo(lambda r: control.branch_register(r, ZERO))
        self.trap_exit = Memo(control.trap_exit)
        self.interrupt_check = control.INTERRUPT_CHECK
        self.interrupt_call = control.call_stub(Stub.INTERRUPT)
        self.stack_check = control.STACK_CHECK
        self.epoch_check = control.EPOCH_CHECK
        self.epoch_call = control.call_stub(Stub.EPOCH)

        self.call_defined = Memo(control.call_defined)
        self.call_import = Memo(control.call_import)
        self.call_record = control.CALL_RECORD
        self.leave_callee = control.LEAVE_CALLEE
        self.call_libcall = Memo(control.call_libcall)
        self.call_stub = Memo(control.call_stub)
        self.branch_failed = control.BRANCH_FAILED
        self.overflow_store = memo2(control.overflow_store)
        self.overflow_load = memo2(control.overflow_load)

    @property
    def far(self) -> MacroAssembler:
        """See MacroAssembler."""
        return self

    def slot_key(self, offset: int, frame_size: int) -> int:
        """See MacroAssembler."""
        return control.slot_key(offset, frame_size)

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
        return control.frame_check(frame_size)

    def zero_slots(self, start: int, end: int, frame_size: int) -> bytes:
        """See MacroAssembler."""
        return control.zero_slots(start, end, frame_size)

    def table_get(self, table: int, index: int, slot: int) -> Checked:
        """See MacroAssembler."""
        return memory.table_get(table, index, control.slot(slot))

    def table_set(self, table: int, index: int, slot: int) -> Checked:
        """See MacroAssembler."""
        return memory.table_set(table, index, control.slot(slot))

    def function_reference(self, import_: bool, offset: int, slot: int) -> bytes:
        """See MacroAssembler."""
        return control.function_reference(import_, offset, slot)

    def link(self, code: bytearray, end: int, target: int) -> None:
        """See MacroAssembler."""
        _set_distance(code, end - 4, target - end)

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
        return memory.indirect_record(table, type_, index)
