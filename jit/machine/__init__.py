"""Where code runs: pages, patches and memory, natively or under an emulator, behind one protocol."""
