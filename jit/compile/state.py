"""What is known while one function is compiled: its value stack, its registers, its labels.

The rules that everything in this folder keeps:

- A local's slot always holds its value.  A register may hold a copy; a loop's homes are registers for
  copies alone.
- A register operand belongs to that operand alone, so an operator may overwrite it; or it is an alias of
  a local's copy, which is only read.  Before a copy changes, its aliases get registers of their own.
- References are in their slots, never only in a register.
- A bounds fact {local: extent} says that the local's value + extent is inside memory 0, which never
  shrinks; a constant {local: place} that it has this value.  Both end with the next set of the local, survive
  calls, and at labels are what all branches agree on.
- At a label every operand is in its slot.
- All allocation of an operator happens before its last branch to a trap exit.
"""

from jit.abi.code import Watch
from jit.abi.frame import FrameLayout
from jit.abi.traps import TrapCode
from jit.abi.vmctx import VMContextLayout
from jit.asm.masm import ByPlaces, Checked, MacroAssembler
from jit.asm.places import ALIAS, CONST, FLAGS, FLOAT, REGISTER, SLOT
from jit.compile.loops import LoopPlan
from jit.compile.recorder import Recorder
from jit.compile.travel import Travel, travel
from jit.wasm.opcodes import LOCAL_SET, LOCAL_TEE
from jit.wasm.types import F32, F64, I32, I64
from jit.wasm.validate import Block, Body

LocalTables = tuple[int, ByPlaces, ByPlaces, list[int] | None]
"""Of a local: slot key, slot loads, moves, its pool (None: a reference)."""


class Locals(dict[int, LocalTables]):
    """The tables of a function's locals, made when first asked for: few of many may be used."""

    __slots__ = ("_families", "_frame_size", "_layout", "_masm", "_reference", "_types")

    def __init__(self, state: "State") -> None:
        super().__init__()
        masm = self._masm = state.masm
        self._types = state.body.local_types
        self._layout = state.layout
        self._frame_size = state.frame_size
        self._families: dict[int, tuple[ByPlaces, ByPlaces, list[int]]] = {
            I32: (masm.slot_load32, masm.move32, state.free),
            I64: (masm.slot_load64, masm.move64, state.free),
            F32: (masm.slot_load_float, masm.move_float, state.float_free),
            F64: (masm.slot_load_float, masm.move_float, state.float_free),
        }
        self._reference = (masm.slot_load64, masm.move64, None)

    def __missing__(self, local: int) -> LocalTables:
        load, move, pool = self._families.get(self._types[local], self._reference)
        key = self._masm.slot_key(self._layout.local(local), self._frame_size)
        tables = self[local] = (key, load, move, pool)
        return tables


_NOTHING: dict[int, int] = {}
"""What a label knows is replaced, never changed."""


class Label:
    """The end of a block, the head of a loop, or the way to an `else`."""

    __slots__ = (
        "constants",
        "copies",
        "else_constants",
        "else_copies",
        "else_end",
        "else_facts",
        "ends",
        "facts",
        "homes",
        "outer_homes",
        "position",
    )

    def __init__(self, homes: dict[int, int]) -> None:
        self.homes = homes
        """The homes in force at the label."""
        self.ends: list[int] = []
        """Branches to link when the label is placed."""
        self.copies = _NOTHING
        """What all branches so far agree on."""
        self.facts = _NOTHING
        """The same of bounds facts, and of constants."""
        self.constants = _NOTHING
        self.position = -1
        """Where a loop's head is."""
        self.outer_homes = homes
        """Of a loop: the homes around it."""
        self.else_end = -1
        self.else_copies = _NOTHING
        self.else_facts = _NOTHING
        self.else_constants = _NOTHING


class State:
    """One function under compilation."""

    __slots__ = (
        "base_float_free",
        "base_free",
        "body",
        "canonical",
        "code",
        "colds",
        "constants",
        "copies",
        "debug",
        "epoch",
        "facts",
        "float_free",
        "frame_size",
        "free",
        "homes",
        "imms",
        "known_memory",
        "labels",
        "layout",
        "live",
        "locals",
        "mark",
        "masm",
        "operand_keys",
        "ops",
        "owners",
        "plans",
        "recorder",
        "reused",
        "sites",
        "stack",
        "traps",
        "travel",
        "vmctx",
        "watch",
        "watches",
    )

    def __init__(
        self,
        body: Body,
        masm: MacroAssembler,
        vmctx: VMContextLayout,
        known_memory: int,
        debug: bool,
        sites: bool,
        epoch: bool,
        canonical: bool,
        watch: Watch,
        recorder: Recorder | None,
    ) -> None:
        self.body = body
        self.ops = body.ops
        self.imms = body.imms
        self.masm = masm
        self.travel: Travel = travel(masm)
        self.vmctx = vmctx
        self.known_memory = known_memory
        """Bytes that memory 0 has for sure."""
        self.debug = debug
        self.sites = sites
        self.epoch = epoch
        self.canonical = canonical
        """Whether nothing is kept in registers or flags from op to op."""
        self.watch = watch
        """Which accesses of memory 0 are looked at; it changes no register's use."""
        self.recorder = recorder
        self.code = bytearray()
        self.mark = -1
        """The length of `code` just after the last site, if a boundary now may share it."""
        self.live = True
        self.stack: list[int] = []
        self.base_free = list(masm.pool)
        """Registers that are nobody's home, general and float."""
        self.base_float_free = list(masm.float_pool)
        self.free = list(masm.pool)
        self.float_free = list(masm.float_pool)
        self.copies: dict[int, int] = {}
        self.owners = [0] * ALIAS
        """By register: the local it was last made a copy of; an operand's alias is of that local."""
        self.facts: dict[int, int] = {}
        self.constants: dict[int, int] = {}
        self.reused: set[int] = set()
        """Locals of which a bounds fact has been of use."""
        self.homes: dict[int, int] = {}
        self.plans: dict[int, LoopPlan] = {}
        """By a loop's index in `ops`."""
        self.labels: dict[Block, Label] = {}
        self.traps: list[int] = []
        """Flat, three for each branch to a trap exit: its end, the trap code, the index of the op."""
        self.colds: list[tuple[int, int, bytes, int]] = []
        """(end of the branch, where to continue, code to run, index of the op at the boundary)"""
        self.watches: list[tuple[int, int, int, bool]] = []
        """(end of the branch, size of the access, index of the op after it, whether it is a store)"""
        self.layout = FrameLayout(len(body.local_types), body.max_stack)
        self.frame_size = size = masm.frame_size(self.layout.size)
        self.operand_keys = [
            masm.slot_key(self.layout.operand(at), size) for at in range(body.max_stack)
        ]
        self.locals = Locals(self)

    def local_key(self, local: int) -> int:
        """Return the key of a local's slot."""
        return self.masm.slot_key(self.layout.local(local), self.frame_size)

    # Registers

    def evict(self, pool: list[int], *keep: int) -> int:
        """Free a register of an empty pool: a copy's that is no operand, else the deepest operand's.

        `keep` are places that the current op has popped and still needs.
        """
        floats = pool is self.float_free
        stack = self.stack
        while True:
            for local, register in self.copies.items():
                alias = register + ALIAS
                if (
                    (register >= FLOAT) == floats
                    and self.homes.get(local) != register
                    and alias not in stack
                    and alias not in keep
                ):
                    del self.copies[local]
                    return register
            for depth, place in enumerate(stack):
                if place < SLOT and (place & REGISTER >= FLOAT) == floats:
                    self._spill_one(depth, place)
                    if place < ALIAS:
                        return pool.pop()
                    break
            else:
                raise AssertionError("no register left")

    def load(self, place: int, depth: int, wide: bool, *keep: int) -> int:
        """Return a general register, its own or an alias, for an operand popped from `depth`."""
        if place < SLOT:
            return place
        free = self.free
        register = free.pop() if free else self.evict(free, *keep)
        if place >= CONST:
            self.code += self.masm.move64[register][place]
        elif place == SLOT:
            load = self.masm.slot_load64 if wide else self.masm.slot_load32
            self.code += load[register][self.operand_keys[depth]]
        else:
            self.code += self.masm.set_flag[register][place - FLAGS]
        return register

    def load_float(self, place: int, depth: int, *keep: int) -> int:
        """The same for a float operand."""
        if place < SLOT:
            return place
        free = self.float_free
        register = free.pop() if free else self.evict(free, *keep)
        if place >= CONST:
            self.code += self.masm.move_float[register][place]
        else:
            self.code += self.masm.slot_load_float[register][self.operand_keys[depth]]
        return register

    def own(self, place: int, *keep: int) -> int:
        """Return a register of the operand's own, for one that `load` or `load_float` returned."""
        if place < ALIAS:
            return place
        copy = place - ALIAS
        pool = self.free if copy < FLOAT else self.float_free
        register = pool.pop() if pool else self.evict(pool, place, *keep)
        move = self.masm.move64 if copy < FLOAT else self.masm.move_float
        self.code += move[register][copy]
        return register

    def destination(self, pool: list[int], index: int, *keep: int) -> int:
        """Return a register for the result of the op at `index`, which reads the places in `keep`.

        It is the home of the local that the next op sets, if no operand needs what the home holds;
        until then only the local's slot has its value.  The first place of `keep` may be that home.
        """
        if self.homes:
            home = self.hint(index, *keep[1:])
            if home >= 0:
                return home
        return pool.pop() if pool else self.evict(pool, *keep)

    def hint(self, index: int, *keep: int) -> int:
        """Return the home that the result of the op at `index` goes to, -1 if there is none to take."""
        op = self.ops[index + 1]
        if op in (LOCAL_SET, LOCAL_TEE):
            local = self.imms[index + 1]
            assert isinstance(local, int)
            home = self.homes.get(local, -1)
            alias = home + ALIAS
            if home >= 0 and alias not in self.stack and alias not in keep:
                self.copies.pop(local, None)
                return home
        return -1

    def release(self, place: int) -> None:
        """Give back the register of an operand that was consumed, if it has one of its own."""
        if place < FLOAT:
            self.free.append(place)
        elif place < ALIAS:
            self.float_free.append(place)

    def store_slot(self, place: int, key: int) -> None:
        """Store an operand that is not in its slot in one; flags are kept."""
        if place >= CONST:
            self.add_long(self.masm.slot_constant(place, key))
        else:
            self.code += self.masm.slot_store[place & REGISTER][key]

    def _spill_one(self, depth: int, place: int) -> None:
        self.store_slot(place, self.operand_keys[depth])
        self.stack[depth] = SLOT
        self.release(place)
        if self.recorder is not None:
            self.recorder.spilled(depth)

    def spill(self, first: int = 0) -> None:
        """Store every operand from depth `first` up in its slot; flags are kept."""
        for depth, place in enumerate(self.stack):
            if place != SLOT and depth >= first:
                self._spill_one(depth, place)

    def forget_registers(self) -> None:
        """After something that keeps no register: no copies, nothing in homes, all operands in slots."""
        self.copies.clear()
        self.free[:] = self.base_free
        self.float_free[:] = self.base_float_free

    def set_copies(self, copies: dict[int, int]) -> None:
        """Take over a label's copies, all operands being in slots."""
        self.copies.clear()
        self.copies.update(copies)
        self.free[:] = self.base_free
        self.float_free[:] = self.base_float_free
        reserved = self.homes
        owners = self.owners
        for local, register in copies.items():
            owners[register] = local
            if local not in reserved:
                (self.free if register < FLOAT else self.float_free).remove(register)

    def set_homes(self, homes: dict[int, int]) -> None:
        """Change which registers are homes; the caller sets the copies next."""
        self.homes = homes
        reserved = set(homes.values())
        self.base_free = [r for r in self.masm.pool if r not in reserved]
        self.base_float_free = [r for r in self.masm.float_pool if r not in reserved]

    # Labels

    def branch_to(self, label: Label) -> None:
        """Note that the branch that `code` ends with goes to a label further on."""
        copies = self.copies
        if self.homes is not label.homes:
            copies = fitting(copies, label.homes)
        if not label.ends:
            label.copies = dict(copies)
            label.facts = dict(self.facts)
            label.constants = dict(self.constants)
        else:
            if label.copies:
                label.copies = common(label.copies, copies)
            if label.facts:
                label.facts = agreed_facts(label.facts, self.facts)
            if label.constants:
                label.constants = common(label.constants, self.constants)
        label.ends.append(len(self.code))

    def place_label(self, label: Label, depth: int) -> None:
        """Put a label here, with `depth` operands; what falls through has spilled them."""
        code = self.code
        link = self.masm.link
        here = len(code)
        if self.live:
            current, agreed = self.copies, label.copies
            if agreed != current:
                for local in [x for x, register in current.items() if agreed.get(x) != register]:
                    register = current.pop(local)
                    if local not in self.homes:
                        self.release(register)
            if label.facts != self.facts:
                label.facts = agreed_facts(label.facts, self.facts)
            if label.constants != self.constants:
                label.constants = common(label.constants, self.constants)
        else:
            self.stack[:] = [SLOT] * depth
            self.set_copies(label.copies)
            self.live = True
        self.facts, self.constants = label.facts, label.constants
        for end in label.ends:
            link(code, end, here)
        self.mark = -1

    # Code

    def add_long(self, piece: bytes) -> None:
        """Append code that begins with an instruction that may be too long to stand just behind a site."""
        if len(piece) > self.masm.site_reach and len(self.code) == self.mark:
            self.code += self.masm.filler
        self.code += piece

    def checked(self, piece: Checked, index: int) -> None:
        """Append code with branches to trap exits, for the op at `index`."""
        at = len(self.code)
        self.code += piece.code
        for end, trap in piece.traps:
            self.traps += (at + end, trap, index)

    def trap_branch(self, trap: TrapCode, index: int) -> None:
        """Note that `code` ends with a branch to a trap exit."""
        self.traps += (len(self.code), trap, index)


def common(some: dict[int, int], others: dict[int, int]) -> dict[int, int]:
    """Return what is in both."""
    return {local: value for local, value in some.items() if others.get(local) == value}


def agreed_facts(facts: dict[int, int], others: dict[int, int]) -> dict[int, int]:
    """Return the bounds facts that follow from either."""
    return {local: min(extent, others[local]) for local, extent in facts.items() if local in others}


def fitting(copies: dict[int, int], homes: dict[int, int]) -> dict[int, int]:
    """Return the copies that may exist where these homes are in force."""
    reserved = set(homes.values())
    return {
        local: register
        for local, register in copies.items()
        if (homes[local] == register if local in homes else register not in reserved)
    }
