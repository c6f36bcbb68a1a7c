"""An error in the user's own code, such as a model of ``--problem``, is told by its place."""

import os
import site
import sysconfig
import traceback
from pathlib import Path


def place_in_own_code(error: Exception) -> str:
    """The last line that ``error`` passed in no library and not in this house; "" if there is none.

    Raised there or in a library that it called, the user can mend it there, and nobody else.
    """
    libraries = [
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    ]
    libraries += [str(Path(__file__).resolve().parents[1]), *site.getsitepackages()]
    roots = tuple(os.path.join(os.path.realpath(place), "") for place in libraries)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        name = os.path.realpath(frame.filename)
        if os.path.isfile(name) and not name.startswith(roots):
            return f"{frame.filename}:{frame.lineno}, in {frame.name}"
    return ""
