"""Compiles the modules named on stdin (relative to the working directory) as if they lay under FOLDER.

    python bytecode.py beside|instead FOLDER      bytecode in __pycache__ beside the source, or in the place of the source
"""
import os
import py_compile
import sys

MODE = py_compile.PycInvalidationMode.UNCHECKED_HASH

for name in filter(None, sys.stdin.read().split("\n")):
    instead = sys.argv[1] == "instead"
    made = f"{name}c" if instead else None
    py_compile.compile(name, cfile=made, dfile=f"{sys.argv[2]}/{name}", doraise=True, quiet=1, invalidation_mode=MODE)
    if instead:
        os.unlink(name)
