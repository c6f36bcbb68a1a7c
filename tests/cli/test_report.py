import re
from html.parser import HTMLParser

import pytest
from fake_rungs import invented_rung

from entropic.cli.compare_figures import Drawn
from entropic.cli.comparison import Comparison
from entropic.cli.report import page
from entropic.cli.run_folder import configuration

ALONE = {"meta", "img", "br"}  # tags without an end


class Reader(HTMLParser):
    """Checks that tags close in order; keeps tags, attributes and words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture(scope="module")
def text() -> str:
    comparison = Comparison(
        (invented_rung("toy"), invented_rung("digits")), "full", 3, {"toy": 9.0}
    )
    drawn = [
        Drawn("overview", "", "All <rows>", b"<svg/>"),
        Drawn("toy_survival", "toy", 'Caption "quoted" & more', b"<svg/>"),
    ]
    return page(comparison, drawn, configuration(comparison))


def test_the_page_is_well_formed_and_its_words_are_escaped(text: str) -> None:
    reader = Reader(text)
    assert not reader.open
    assert "η = 2 <&>" in reader.words
    assert "<&>" not in text
    assert "All <rows>" in reader.words


def test_the_page_needs_nothing_from_elsewhere(text: str) -> None:
    reader = Reader(text)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in reader.tags}
    for _, attributes in reader.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")
    assert not re.search(r"url\(|@import|https?://", text)


def test_the_page_tells_verdict_command_versions_and_every_row(text: str) -> None:
    words = Reader(text).words
    assert "All 2 predictions within their validity agree" in words
    assert "entropic compare toy digits --full --seed 3" in words
    assert "numpy 2" in words or "numpy 1" in words
    assert "outside its validity: the step is past the edge" in words
    assert text.count('<tr class="invalid">') == 2
    assert "walkers = 64" in words


def test_figures_stand_with_their_rung_and_carry_their_caption(text: str) -> None:
    images = [attributes for tag, attributes in Reader(text).tags if tag == "img"]
    assert [image["alt"] for image in images] == ['Caption "quoted" & more', "All <rows>"]
    assert text.index("<h2>toy</h2>") < text.index("Caption") < text.index("<h2>digits</h2>")


def test_perceptrons_alone_do_not_ask_about_relaxation(text: str) -> None:
    alone = Comparison((invented_rung("perceptron"),), "quick", 0)
    words = Reader(page(alone, [], configuration(alone))).words
    assert "relaxation" not in words
    assert "replica-symmetric saddle point" in words
    assert "Predicted beside measured relaxation" in Reader(text).words


def test_the_page_can_be_read_in_the_dark_and_on_paper(text: str) -> None:
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
