"""The bundled program, and the command that shows the debuggers on it."""
