"""The notebooks with sound in JupyterLab, as a person runs them, and their sounds, in Chromium.

Needs the browser and `pip install -e .[browser]`; the tests are left out where they are missing.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api")
ROOT = Path(__file__).parents[1]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
STARTING, RUNNING = 60, 1200  # s at most
ALL_CELLS = {"@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"}}  # on the page


@pytest.fixture(params=["00_eda", "02_generative"])
def name(request):
    return request.param


@pytest.fixture
def lab(tmp_path, name):
    """The address of a JupyterLab over a notebook without its outputs, and its sounds."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / f"{name}.ipynb")
    shutil.copytree(ROOT / "figures" / "audio", tmp_path / "figures" / "audio")
    for plugin, settings in ALL_CELLS.items():
        path = tmp_path / "settings" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings))
    known = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    places = {
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
    }
    command = "-m jupyterlab --no-browser --allow-root --port 0 --IdentityProvider.token=".split()
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, *command, f"--ServerApp.root_dir={tmp_path}"],
            cwd=tmp_path, env=known | places, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            end = time.monotonic() + STARTING
            while not (found := [*(tmp_path / "runtime").glob("jpserver-*.json")]):
                assert server.poll() is None and time.monotonic() < end, log.name
                time.sleep(0.2)
            yield json.loads(found[0].read_text())["url"]
        finally:
            server.terminate()
            server.wait(30)


DONE = """() => {
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
    const run = prompts.filter(p => /\\[\\d+\\]/.test(p.textContent)).length;
    const failed = document.querySelector('[data-mime-type="application/vnd.jupyter.error"]');
    return failed || (run > 0 && run === prompts.length);
}"""
SECONDS = """async () => Promise.all([...document.querySelectorAll('.jp-OutputArea audio')].map(
    audio => new Promise(done => {
        audio.onloadeddata = () => done(audio.duration);
        audio.onerror = () => done(0);
        setTimeout(() => done(-1), 20000);
        audio.load();
    })))"""


def test_a_notebook_runs_from_top_to_bottom(lab, name, tmp_path):
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.goto(f"{lab}lab/tree/notebooks/{name}.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=1000 * STARTING)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.locator('[data-command="runmenu:run-all"]').click()
        page.wait_for_function(DONE, polling=1000, timeout=1000 * RUNNING)
        errors = page.locator('[data-mime-type="application/vnd.jupyter.error"]')
        assert errors.count() == 0, errors.first.inner_text()
        stored = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        outputs = [out for cell in stored.cells for out in cell.get("outputs", ())]
        figures = sum("image/png" in out.get("data", {}) for out in outputs)
        shown = page.locator(".jp-OutputArea img")
        assert figures > 0 and shown.count() >= figures
        sizes = shown.evaluate_all("images => images.map(image => image.naturalWidth)")
        assert min(sizes) > 100
        sounds = page.evaluate(SECONDS)  # 0 where Chromium does not play it
        assert sounds and min(sounds) > 0
        page.screenshot(path=tmp_path / f"{name}.png")
        browser.close()


def test_the_linked_sounds_play(tmp_path):
    """As when a file is opened from its link: each in an element of a page of its own."""
    sounds = sorted(ROOT.glob("figures/**/*.wav"))
    page_text = "".join(f"<audio src='{path.as_uri()}'></audio>" for path in sounds)
    (tmp_path / "sounds.html").write_text(f"<div class='jp-OutputArea'>{page_text}</div>")
    with playwright.sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto((tmp_path / "sounds.html").as_uri())
        seconds = page.evaluate(SECONDS)
        browser.close()
    assert len(seconds) == len(sounds) > 0
    assert min(seconds) > 0, [path for path, each in zip(sounds, seconds, strict=True) if each <= 0]
