"""Before any test imports torch."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
