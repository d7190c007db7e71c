"""The function record: 32 bytes whose address *is* a function reference.

    0   code      address to call
    8   vmctx     the callee's vmctx
    16  type      the engine's id of its type (u64)
    24  index     defined index in its module, or the number of a host function in its store (u64)

A defined function's record lies in its instance's vmctx and is the only one it has; an import is the
address of somebody else's record.  A record starts with the address of a lazy stub that leaves the
guest with `Exit.COMPILE`; compiling the function replaces that one word.  Whoever calls through a
record's address (an import, a table, a reference) has that address in scratch register 0 at the
call, so that the one stub shared by all host functions knows whom it stands for.  A host function's record
carries a vmctx too: any block whose STORE word is its store's, since every exit starts from there.
"""

CODE = 0
VMCTX = 8
TYPE = 16
INDEX = 24
SIZE = 32
