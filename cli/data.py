"""``entropic data``: what an archive of images holds, and how to fetch it."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .options import table_options
from .progress import bar

if TYPE_CHECKING:
    from ..nets.archives import ImageSet, Labels, Pixels

TITLES = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100"}
COLOURS = ("red", "green", "blue")


@click.group(invoke_without_command=True)
@click.pass_context
def data(ctx: click.Context) -> None:
    """Image archives in the published binary layout: look into one, or fetch it."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@data.command()
@click.argument("name", type=click.Choice(list(TITLES)))
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def download(name: str, folder: Path) -> None:
    """Fetch an archive (about 170 MB) into DIR.

    It is there whole and with the published checksum, or not at all; one that is there already is
    only checked.
    """
    from ..nets.downloads import download as fetch

    with bar(name) as progress:

        def told(there: int, whole: int) -> None:
            progress(f"{there / 1e6:.0f} of {whole / 1e6:.0f} MB", there / whole if whole else 0)

        path = fetch(name, folder, told)
    click.echo(f"{path} has the published checksum", err=True)


def _look_into(name: str) -> click.Command:
    """The command that looks into one data set."""

    @click.command(name, short_help=f"What an archive of {TITLES[name]} holds.")
    @click.option(
        *("--data", "where"),
        required=True,
        metavar="DIR",
        help="The folder of the .bin files, a .tar.gz, .tar.xz or .tar of it, or a folder that "
        "holds either.",
    )
    @click.option("--classes", is_flag=True, help="Count images by class instead of by file.")
    @table_options
    def look(where: str, classes: bool, style: str, out: Path | None) -> None:
        from ..nets.archives import read_images
        from .record import Record, deliver

        found = read_images(name, where)
        rows = list(_by_class(found) if classes else _by_file(found))
        sums = {file.name: file.sha256 for file in found.files}
        asked = {"data_set": name, "data": where, "sha256": sums}
        deliver(Record("images", asked, rows), style, out)

    look.help = (
        f"What an archive of {TITLES[name]} holds: of each file its records, the smallest and the "
        "largest class, mean and standard deviation of each colour (pixels from 0 to 1), and "
        "whether its checksum is the official one or unknown, as that of a selection is."
    )
    return look


for _name in TITLES:
    data.add_command(_look_into(_name))


def _by_file(found: "ImageSet") -> "Iterator[dict[str, Any]]":
    for file in found.files:
        yield _row(found, file.name, file.split, (file.pixels, file.labels)) | {
            "checksum": file.checksum,
        }
    for split in ("train", "test"):
        pixels, labels = found.part(split)
        if sum(file.split == split for file in found.files) > 1:
            yield _row(found, "all", split, (pixels, labels)) | {"checksum": ""}


def _row(found: "ImageSet", file: str, split: str, part: "tuple[Pixels, Labels]") -> dict[str, Any]:
    import numpy as np

    from ..nets.images import standard

    pixels, labels = part
    counts = np.bincount(labels, minlength=found.classes)
    scale = standard(pixels)
    return {
        "file": file,
        "split": split,
        "records": len(labels),
        "smallest_class": counts.min(),
        "largest_class": counts.max(),
        **{f"mean_{c}": mean for c, mean in zip(COLOURS, scale.mean, strict=True)},
        **{f"std_{c}": std for c, std in zip(COLOURS, scale.std, strict=True)},
    }


def _by_class(found: "ImageSet") -> "Iterator[dict[str, Any]]":
    import numpy as np

    train, test = (
        np.bincount(found.part(split)[1], minlength=found.classes) for split in ("train", "test")
    )
    for label in range(found.classes):
        yield {"class": label, "train": train[label], "test": test[label]}
