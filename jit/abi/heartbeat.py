"""The block that the heartbeat gets: code that makes the guest of a store come back again and again.

0   descriptor (u32), what to wait for (u16), 0 (u16)   a `struct pollfd`: it ends when that is there
8   period      milliseconds between two beats
16  guests      addresses of vmctxs, and 0 behind the last: at a beat each has its interrupt wanted
"""

from struct import Struct

PERIOD = 8
GUESTS = 16

HEAD = Struct("=IHHQ")
"""What lies before the guests: descriptor, what to wait for, 0, period."""
