"""WASI preview 1: the host functions of `wasi_snapshot_preview1`, over preopened folders only."""
