"""What the user asked of an experiment, and where its finished stages are kept.

A stage is an xarray.Dataset under a name.  It is read back even by the run that kept it: a run in
one go and one in two cannot differ.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..atomic import writing_file
from ..progress import Progress

if TYPE_CHECKING:
    import xarray

Preset = Literal["default", "paper"]
CPU = "cpu_seconds"  # attribute of a kept stage


@dataclass(frozen=True)
class Asked:
    """Which preset, seed, images and device; stages are kept in ``folder``."""

    preset: Preset
    seed: int
    data: str | None
    device: str
    folder: Path
    progress: Progress = lambda label, fraction: None

    def stage(self, name: str, make: "Callable[[], xarray.Dataset]") -> "xarray.Dataset":
        """What ``make`` returns, made now unless it is kept from before."""
        import xarray

        path = self.folder / f"{name}.nc"
        if not path.exists():
            began = time.process_time()
            made = make()
            took = time.process_time() - began
            with writing_file(path) as temporary:
                made.assign_attrs({CPU: took}).to_netcdf(temporary, engine="h5netcdf")
        found = xarray.load_dataset(path, engine="h5netcdf")
        del found.attrs[CPU]
        return found

    @property
    def finished(self) -> dict[str, float]:
        """The stages kept so far, with the CPU seconds that each took."""
        import xarray

        found = {}
        for path in sorted(self.folder.glob("[!.]*.nc")):
            with xarray.open_dataset(path, engine="h5netcdf") as dataset:
                found[path.stem] = float(dataset.attrs[CPU])
        return found
