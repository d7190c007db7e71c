"""How attribute values are encoded: one row a form (DWARF 5, 7.5.5 and 7.5.6)."""

from dataclasses import dataclass
from enum import Enum, auto

from gdbstub.objfile import dw
from gdbstub.objfile.leb import read_uleb, skip_leb
from gdbstub.objfile.report import DwarfError


class Shape(Enum):
    """What a value's bytes look like; a fixed size is a number instead."""

    ADDRESS = auto()
    OFFSET = auto()
    REF_ADDR = auto()
    LEB = auto()
    SLEB = auto()
    STRING = auto()
    BLOCK = auto()
    BLOCK1 = auto()
    BLOCK2 = auto()
    BLOCK4 = auto()


# fmt: off
FORMS: dict[int, Shape | int] = {
    dw.DW_FORM_addr:           Shape.ADDRESS,
    dw.DW_FORM_block2:         Shape.BLOCK2,
    dw.DW_FORM_block4:         Shape.BLOCK4,
    dw.DW_FORM_data2:          2,
    dw.DW_FORM_data4:          4,
    dw.DW_FORM_data8:          8,
    dw.DW_FORM_string:         Shape.STRING,
    dw.DW_FORM_block:          Shape.BLOCK,
    dw.DW_FORM_block1:         Shape.BLOCK1,
    dw.DW_FORM_data1:          1,
    dw.DW_FORM_flag:           1,
    dw.DW_FORM_sdata:          Shape.SLEB,
    dw.DW_FORM_strp:           Shape.OFFSET,
    dw.DW_FORM_udata:          Shape.LEB,
    dw.DW_FORM_ref_addr:       Shape.REF_ADDR,
    dw.DW_FORM_ref1:           1,
    dw.DW_FORM_ref2:           2,
    dw.DW_FORM_ref4:           4,
    dw.DW_FORM_ref8:           8,
    dw.DW_FORM_ref_udata:      Shape.LEB,
    dw.DW_FORM_sec_offset:     Shape.OFFSET,
    dw.DW_FORM_exprloc:        Shape.BLOCK,
    dw.DW_FORM_flag_present:   0,
    dw.DW_FORM_strx:           Shape.LEB,
    dw.DW_FORM_addrx:          Shape.LEB,
    dw.DW_FORM_ref_sup4:       4,
    dw.DW_FORM_strp_sup:       Shape.OFFSET,
    dw.DW_FORM_data16:         16,
    dw.DW_FORM_line_strp:      Shape.OFFSET,
    dw.DW_FORM_ref_sig8:       8,
    dw.DW_FORM_implicit_const: 0,
    dw.DW_FORM_loclistx:       Shape.LEB,
    dw.DW_FORM_rnglistx:       Shape.LEB,
    dw.DW_FORM_ref_sup8:       8,
    dw.DW_FORM_strx1:          1,
    dw.DW_FORM_strx2:          2,
    dw.DW_FORM_strx3:          3,
    dw.DW_FORM_strx4:          4,
    dw.DW_FORM_addrx1:         1,
    dw.DW_FORM_addrx2:         2,
    dw.DW_FORM_addrx3:         3,
    dw.DW_FORM_addrx4:         4,
    dw.DW_FORM_GNU_addr_index: Shape.LEB,
    dw.DW_FORM_GNU_str_index:  Shape.LEB,
    dw.DW_FORM_GNU_ref_alt:    Shape.OFFSET,
    dw.DW_FORM_GNU_strp_alt:   Shape.OFFSET,
}
# fmt: on

STRX_FORMS = frozenset(
    {
        dw.DW_FORM_strx,
        dw.DW_FORM_strx1,
        dw.DW_FORM_strx2,
        dw.DW_FORM_strx3,
        dw.DW_FORM_strx4,
        dw.DW_FORM_GNU_str_index,
    }
)
ADDRX_FORMS = frozenset(
    {
        dw.DW_FORM_addrx,
        dw.DW_FORM_addrx1,
        dw.DW_FORM_addrx2,
        dw.DW_FORM_addrx3,
        dw.DW_FORM_addrx4,
        dw.DW_FORM_GNU_addr_index,
    }
)
UNIT_REF_FORMS = frozenset(
    {
        dw.DW_FORM_ref1,
        dw.DW_FORM_ref2,
        dw.DW_FORM_ref4,
        dw.DW_FORM_ref8,
        dw.DW_FORM_ref_udata,
    }
)
BLOCK_FORMS = frozenset({dw.DW_FORM_block, dw.DW_FORM_block1, dw.DW_FORM_block2, dw.DW_FORM_block4})
DATA_FORMS = frozenset({dw.DW_FORM_data1, dw.DW_FORM_data2, dw.DW_FORM_data4, dw.DW_FORM_data8})


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the size of a form can depend on besides the form itself."""

    version: int
    offset_size: int
    address_size: int

    def shape(self, form: int) -> Shape | int:
        """Return the fixed size of `form`, or its shape where the size varies. DwarfError if unknown."""
        shape = FORMS.get(form)
        if shape is None:
            raise DwarfError(f"unknown form 0x{form:x}")
        if shape is Shape.ADDRESS:
            return self.address_size
        if shape is Shape.OFFSET:
            return self.offset_size
        if shape is Shape.REF_ADDR:
            return self.address_size if self.version == 2 else self.offset_size
        return shape


def block_bounds(data: bytes, position: int, shape: Shape) -> tuple[int, int]:
    """Return where the contents of the block at `position` start and end."""
    if shape is Shape.BLOCK:
        length, position = read_uleb(data, position)
    else:
        size = {Shape.BLOCK1: 1, Shape.BLOCK2: 2, Shape.BLOCK4: 4}[shape]
        length = int.from_bytes(data[position : position + size], "little")
        position += size
    if position + length > len(data):
        raise DwarfError(f"block of {length} bytes runs past the end of the section")
    return position, position + length


def skip_shape(data: bytes, position: int, shape: Shape) -> int:
    """Return the position after a value of varying size."""
    if shape is Shape.LEB or shape is Shape.SLEB:
        return skip_leb(data, position)
    if shape is Shape.STRING:
        end = data.find(b"\0", position)
        if end < 0:
            raise DwarfError("string without an end")
        return end + 1
    return block_bounds(data, position, shape)[1]
