"""Rows of gradient noise; in a NetCDF file along ``position`` or ``minimum``, as for curvature."""

from typing import TYPE_CHECKING

from ..record import Record

if TYPE_CHECKING:
    import xarray


# the columns that a terminal has room for
SHOWN = (
    *("s", "minimum", "fraction", "noise_trace", "noise_trace_stderr", "participation", "t_C_t"),
    *("alignment", "alignment_stderr", "noise_exponent", "tail_index", "temperature"),
)


class NoiseRecord(Record):
    """A record whose dataset has a named dimension and its place as coordinate."""

    def shown(self) -> Record:
        """What a table shows; files and the other formats have all."""
        return self.part(SHOWN)

    def dataset(self) -> "xarray.Dataset":
        """Position × quantity, or minimum × quantity."""
        single = "minimum" in self.names
        data = super().dataset()
        if single:
            return data.swap_dims(row="minimum").set_coords("minimum")
        return data.rename_dims(row="position").set_coords("s")
