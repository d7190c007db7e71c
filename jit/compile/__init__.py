"""The compiler: one pass from a validated body to machine code, and frame tables on demand."""
