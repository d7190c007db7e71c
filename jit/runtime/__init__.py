"""Running guests: stores and what they own, the driver loop, traps, host functions, linking."""
