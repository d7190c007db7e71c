/* WASI without exception handling has no setjmp; Lua includes the header, and here never jumps. */
