"""Numbers in text to bits (specification: Text Format, Values): integers of any width, floats rounded once."""

import re

_INTEGER = re.compile(r"[+-]?(0x[0-9a-fA-F]+(_[0-9a-fA-F]+)*|[0-9]+(_[0-9]+)*)")
_FLOAT = re.compile(
    r"""(?P<sign> [+-]? )
        (?: (?P<inf> inf )
          | (?P<nan> nan ) (?: :0x (?P<payload> [0-9a-fA-F_]+ ) )?
          | 0x (?P<hex> [0-9a-fA-F_]+ ) (?: \. (?P<hex_part> [0-9a-fA-F_]* ) )? (?: [pP] (?P<two> [+-]?[0-9_]+ ) )?
          | (?P<whole> [0-9_]+ ) (?: \. (?P<part> [0-9_]* ) )? (?: [eE] (?P<ten> [+-]?[0-9_]+ ) )?
        )""",
    re.VERBOSE,
)
_SIGNIFICANDS = {32: 23, 64: 52}
_LARGEST_EXPONENT = 20_000
"""Of ten or two: more is infinite, or zero, at any width."""


def integer(text: str, bits: int, *, signed: bool = True) -> int | None:
    """Return an integer's bit pattern: unsigned or, if `signed` allows, negative; None for anything else."""
    if _INTEGER.fullmatch(text) is None:
        return None
    value = int(text.replace("_", ""), 16 if "0x" in text else 10)
    lowest = -(1 << (bits - 1)) if signed else 0
    if not lowest <= value < 1 << bits or (not signed and text[0] in "+-"):
        return None
    return value & ((1 << bits) - 1)


def floating(text: str, bits: int) -> int | None:
    """Return the bit pattern of a float; None for what is none, or too large for the width."""
    found = _FLOAT.fullmatch(text)
    if found is None:
        return None
    significand = _SIGNIFICANDS[bits]
    sign = (found["sign"] == "-") << (bits - 1)
    infinite = (1 << (bits - 1)) - (1 << significand)
    if found["inf"]:
        return sign | infinite
    if found["nan"]:
        payload = 1 << (significand - 1)
        if found["payload"]:
            payload = int(found["payload"].replace("_", ""), 16)
            if not 0 < payload < 1 << significand:
                return None
        return sign | infinite | payload
    rounded = _rounded(*_magnitude(found), significand, bits)
    return None if rounded >= infinite else sign | rounded


def _magnitude(found: "re.Match[str]") -> tuple[int, int]:
    """Return the absolute value as a fraction's numerator and denominator."""
    base, digits, part = 10, found["whole"], found["part"]
    power, exponent = 10, found["ten"]
    if found["hex"]:
        base, digits, part = 16, found["hex"], found["hex_part"]
        power, exponent = 2, found["two"]
    digits, part = digits.replace("_", ""), (part or "").replace("_", "")
    scale = int((exponent or "0").replace("_", ""))
    scale = max(min(scale, _LARGEST_EXPONENT), -_LARGEST_EXPONENT)
    numerator, denominator = int(digits + part, base), base ** len(part)
    return numerator * power ** max(scale, 0), denominator * power ** max(-scale, 0)


def _rounded(numerator: int, denominator: int, significand: int, bits: int) -> int:
    """Return the bit pattern nearest to a fraction that is not negative, the even one of two."""
    if not numerator:
        return 0
    bias = (1 << (bits - significand - 2)) - 1
    exponent = numerator.bit_length() - denominator.bit_length()
    if numerator << max(-exponent, 0) < denominator << max(exponent, 0):
        exponent -= 1
    exponent = max(exponent, 1 - bias)
    shift = significand - exponent
    units, rest = divmod(numerator << max(shift, 0), denominator << max(-shift, 0))
    half = 2 * rest - (denominator << max(-shift, 0))
    units += half > 0 or (half == 0 and units & 1)
    return units + ((exponent + bias - 1) << significand)
