"""Guest debugging: frames, breakpoints, stepping, events, and the facade the debuggers' views use."""
