"""The site of the pages and notebooks: built from the committed files, with links that lead on."""

import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from utils import paths

for package in ("furo", "myst_nb", "jupyter_server_mathjax"):
    pytest.importorskip(package, reason="the extra `site` is not installed")


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.anchors, self.parts = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.anchors.add(named.get("id"))
        self.links += [named[key] for key in ("href", "src") if named.get(key)]
        if tag != "a":
            self.parts += [named[key] for key in ("href", "src") if named.get(key)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-c", "pages/site"]
    command += ["-d", str(folder / "doctrees"), ".", str(folder / "html")]
    done = subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "html"


def test_every_page_and_notebook_is_on_the_site_and_in_its_search(site):
    pages = ["README.md", "README.en.md", "data/README.md", "data/README.en.md"]
    pages += [
        path.relative_to(paths.ROOT).as_posix()
        for folder in ("notebooks", "reports/right_whale_upcalls")
        for path in (paths.ROOT / folder).glob("*.ipynb")
    ]
    assert len(pages) == 16
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    for page in pages:
        name = page.rsplit(".", 1)[0]
        assert (site / f"{name}.html").is_file(), page
        assert f'"{name}"' in index, page
    assert (site / "index.html").read_bytes() == (site / "README.html").read_bytes()


def test_every_link_within_the_site_leads_somewhere(site):
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    links = 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.exists(), f"{path.relative_to(site)}: {link}"
            if parts.fragment and target in pages and path.name != "search.html":
                assert unquote(parts.fragment) in pages[target].anchors, (path.name, link)
            links += 1
    assert links > 500


def test_a_page_needs_nothing_from_elsewhere(site):
    page = _Page((site / "notebooks" / "02_generative.html").read_text(encoding="utf-8"))
    assert any("MathJax.js" in part for part in page.parts)
    assert not [part for part in page.parts if urlsplit(part).netloc]
