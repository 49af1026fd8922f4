"""Loads the package that this file is part of, wherever it is, and starts Locust: `python -P …/loadtest/__main__.py`.

Arguments are Locust's, but for the script: see `start.py`.
"""

from importlib import import_module, util
from pathlib import Path
from sys import modules

# Not "loadtest", which may be a module of the script's.
NAME = "_loadtest"

if __name__ == "__main__":
    spec = util.spec_from_file_location(NAME, Path(__file__).with_name("__init__.py"))
    modules[NAME] = util.module_from_spec(spec)
    import_module(f"{NAME}.start").main()
