import pytest
from matplotlib import image

from entropic.cli import figures

COMMANDS = {
    "saddle": ["--alpha", "0.1:0.5:4", "--kappa", "0,0.3"],
    "potential": ["--curvature", "1+y**2", "--temperature", "0.5", "--at", "-1:1:9"],
    "relaxation": [
        *("--curvature", "4", "--temperature", "0.5"),
        *("--start", "-1,0,0.5", "--absorb", "1", "--reflect", "-1"),
    ],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_figure_is_drawn_in_every_format_and_is_the_same_each_time(entropic, tmp_path, name):
    for suffix, start in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")):
        bytes_of = []
        for i in range(2):
            path = tmp_path / f"{i}{suffix}"
            said = entropic("theory", name, *COMMANDS[name], "--plot", str(path))
            assert (said.code, said.err) == (0, f"drew {path}\n")
            bytes_of.append(path.read_bytes())
        assert bytes_of[0].startswith(start)
        assert bytes_of[0] == bytes_of[1]
    drawn = image.imread(tmp_path / "0.png")
    assert drawn.shape[:2] == (800, 1280)
    assert drawn[..., :3].std() > 0.05  # there is something on it


def test_axes_are_labelled_with_units_and_lines_have_a_legend(entropic, tmp_path):
    words = {
        "saddle": ["(patterns per weight)", "(nats per weight)", "κ = 0.3"],
        "potential": ["(length)", "(energy)", "entropic part"],
        "relaxation": ["(length)", "(length²/energy, unit mobility)", "absorbing end"],
    }
    for name, arguments in COMMANDS.items():
        path = tmp_path / f"{name}.svg"
        entropic("theory", name, *arguments, "--plot", str(path))
        text = path.read_text("utf-8")  # each text stands above its outlines as a comment
        assert all(f"<!-- {word}" in text or word in text for word in words[name])


def test_a_teacher_and_a_temperature_change_what_a_saddle_shows(entropic, tmp_path):
    path = tmp_path / "a.svg"
    teacher = ["--model", "binary", "--setting", "teacher", "--alpha", "1:1.5:6"]
    entropic("theory", "saddle", *teacher, "--beta", "10,inf", "--plot", str(path))
    text = path.read_text("utf-8")
    words = ["generalization error", "energy per weight", "κ = 0, β = 10", "β = inf", "dotted"]
    assert all(word in text for word in words)


def test_no_two_colours_look_alike():
    assert len(set(figures.COLOURS)) == len(figures.COLOURS)


def test_a_figure_that_fails_to_be_written_leaves_nothing(tmp_path, monkeypatch):
    figure, _ = figures.blank()

    def fail(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(figure, "savefig", fail)
    with pytest.raises(RuntimeError):
        figures.save(figure, tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
