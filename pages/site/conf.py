"""Sphinx configuration of the site: the pages and the stored notebooks, not executed again.

The source folder is the repository's root, so that links hold there as they do on GitHub.
"""

import shutil
from pathlib import Path

import jupyter_server_mathjax

project = "Pocas llamadas"
language = "es"
root_doc = "README"
extensions = ["myst_nb"]
include_patterns = [
    "README.md",
    "README.en.md",
    "data/README.md",
    "data/README.en.md",
    "notebooks/*.ipynb",
    "reports/right_whale_upcalls/*.ipynb",
]
exclude_patterns = ["**/.ipynb_checkpoints"]
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
# MathJax lies on the site itself, which needs no other server.
html_static_path = ["static", str(Path(jupyter_server_mathjax.__file__).with_name("static"))]
html_css_files = ["site.css"]
mathjax_path = "MathJax.js"
mathjax2_config = {
    "config": ["TeX-AMS-MML_HTMLorMML-full.js"],
    "jax": ["input/TeX", "output/HTML-CSS"],
    "HTML-CSS": {"availableFonts": [], "webFont": "STIX-Web", "imageFont": None},
    "tex2jax": {"inlineMath": [["\\(", "\\)"]], "displayMath": [["\\[", "\\]"]]},
}
myst_update_mathjax = False
html_theme = "furo"
html_title = "Pocas llamadas de ballena"
html_show_sourcelink = False
html_show_copyright = False  # the licence is on the first page
html_copy_source = False

# README.md is the first page on GitHub too, and needs no list of pages there.
PAGES = """

```{toctree}
:hidden:

English <README.en>
data/README
Data and formats <data/README.en>
```

```{toctree}
:hidden:
:glob:
:caption: Clips reales

reports/right_whale_upcalls/*
```

```{toctree}
:hidden:
:glob:
:caption: Clips simulados

notebooks/*
```
"""


def _list_pages(app, docname, source):
    if docname == root_doc:
        source[0] += PAGES


def _write_index_and_sounds(app, exception):
    if exception is None:
        shutil.copyfile(Path(app.outdir, "README.html"), Path(app.outdir, "index.html"))
        # Stored outputs link to them, and Sphinx follows the links of texts alone.
        shutil.copytree(
            Path(app.srcdir, "figures"), Path(app.outdir, "figures"), dirs_exist_ok=True
        )


def setup(app):
    app.connect("source-read", _list_pages)
    app.connect("build-finished", _write_index_and_sounds)
