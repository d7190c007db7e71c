"""The contract between compiled code and the runtime: layouts, codes and tables, no behaviour.

Everything that generated code and Python must agree on is defined here once: where a word lies in a
vmctx, in a context or in a frame, which register carries which argument, why the guest left its
code, and what a frame table row says.  Offsets are in bytes, addresses are host addresses.
"""
