"""Names, colours and sizes that mean the same in every figure, and what all figures share."""

import base64
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import scale, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from utils import paths

CLASS_NAMES = ("sin llamada", "llamada")
CLASS_COLOURS = ("#56606B", "#D55E00")
MODELS = {  # name: (name in figures, colour, line, marker)
    "logistic": ("Regresión logística", "#000000", ":", "s"),
    "mlp": ("MLP", "#E69F00", "--", "v"),
    "random_forest": ("Random Forest", "#009E73", "-.", "D"),
    "gradient_boosting": ("Gradient Boosting", "#CC79A7", (0, (5, 1)), "^"),
    "cnn": ("CNN", "#0072B2", "-", "o"),
    "birdnet": ("Regresión logística sobre BirdNET", "#882255", "-", "*"),
}
CUES = {
    "loudness": "volumen",
    "edges": "bordes del clip",
    "neighbour label": "etiqueta del vecino",
    "clip order": "lugar en la serie",
    "clip length": "duración del clip",
}
SOURCES = {
    "none": "ninguna",
    "downsweep": "barrido descendente",
    "flat_tonal": "tono plano",
    "humpback": "yubarta",
    "knocks": "golpes",
    "burst": "ráfaga de banda ancha",
    "airgun": "cañón de aire",
    "ship": "barco",
}
DESCRIPTORS = {
    "rms_db": "nivel RMS (dB re escala completa)",
    "zero_crossings": "cruces por cero (1/s)",
    "centroid_hz": "centroide (Hz)",
    "bandwidth_hz": "anchura de banda (Hz)",
    "rolloff_hz": "frecuencia del 85 % (Hz)",
    "flatness": "planitud espectral",
    "track_hz": "frecuencia del trazo (Hz)",
    "track_slope_hz_s": "pendiente del trazo (Hz/s)",
    "peak_hz": "frecuencia de pico (Hz)",
    "start_hz": "inicio del barrido (Hz)",
    "end_hz": "final del barrido (Hz)",
    "duration_s": "duración (s)",
    "snr_db": "SNR del trazo",
    "entropy": "entropía espectral",
}
SPECTROGRAM_MAP = "magma"
GRID_MAP = plt.get_cmap(SPECTROGRAM_MAP, 16)  # many panels of noise: few colours, small files
DIFFERENCE_MAP = "RdBu_r"
GROUP_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
REFERENCE_LINE = {"color": "#8C8C8C", "linestyle": (0, (2, 2)), "linewidth": 1.2, "zorder": 1}
WIDTH, DPI = 9.6, 84  # inches, and dots per inch: about GitHub's column
VEIL = {"frameon": True, "framealpha": 0.85, "edgecolor": "none"}  # legends over lines
DOTS = {"s": 14, "lw": 0, "antialiased": False}  # without blurred rims, which swell the files
_STYLE = {
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "legend.fontsize": 10,
    "legend.frameon": False,
    "figure.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#E4E4E4",
    "lines.linewidth": 1.8,
}


def use_style(language: str = "es") -> None:
    """Set the look of every figure and of a notebook's tables, and the decimal sign of both: "es"
    or "en"."""
    spanish = language == "es"
    plt.rcdefaults()
    plt.rcParams.update(_STYLE)
    scale.register_scale(_SpanishScale if spanish else scale.LinearScale)
    pd.options.display.float_format = number if spanish else None
    pd.options.display.width = 100
    if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()):
        shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, _html)


def _html(table):
    """A table as notebooks show it: the name of its rows beside those of its columns, where pandas
    would give it a line of its own."""
    if table.index.nlevels == table.columns.nlevels == 1 and table.columns.name is None:
        table = table.rename_axis(index=None, columns=table.index.name)
    most = pd.options.display.max_rows
    return table.to_html(border=0, justify="left", max_rows=most)


class _SpanishTicks(ticker.ScalarFormatter):
    """Ticks with a decimal comma."""

    def __call__(self, x, pos=None):
        return super().__call__(x, pos).replace(".", ",")


class _SpanishScale(scale.LinearScale):
    """Matplotlib's linear scale, whose axes write a decimal comma."""

    def __init__(self):
        super().__init__()

    def set_default_locators_and_formatters(self, axis):
        super().set_default_locators_and_formatters(axis)
        axis.set_major_formatter(_SpanishTicks())


def number(value: float, digits: int = 3, sign: str = "") -> str:
    """Write a number as Spanish prose does: -0.25 as "−0,25"; sign "+" also marks gains, and the
    side of 0 on which a difference lies that rounds to it."""
    if not np.isfinite(value):
        return "—"
    value = value if abs(value) > 1e-6 else 0.0  # what rounding errors leave of 0
    rounded = f"{value:{sign}.{digits}f}" if sign else f"{value:z.{digits}f}"
    return rounded.replace(".", ",").replace("-", "−")


def percent(share: float) -> str:
    """Write a share as a percentage, 0.826 as "83 %", small ones with a decimal."""
    decimals = 0 if share >= 0.095 or share == 0 else 1
    # Rounded as a share first, as tables write it: 0.585 is 0,58 there, and 58 % here.
    return f"{number(100 * round(share, decimals + 2), decimals)} %"


def p_value(p: float) -> str:
    """Write a p: its digits, or "< 0,001"."""
    return "< 0,001" if p < 0.001 else number(p)


def save(figure: Figure, slug: str, dataset_name: str) -> Path:
    """Write figures/SLUG.png for the embedded default, figures/DATASET/SLUG.png for others.

    The file holds no date and no version, so that the same figure gives the same bytes.
    """
    folder = paths.figures_dir(dataset_name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{slug}.png"
    figure.savefig(path, metadata={"Software": None})
    return path


def new_axes(ax: Axes | None, height: float = 4.0, width: float = 0.6 * WIDTH) -> Axes:
    return plt.subplots(figsize=(width, height))[1] if ax is None else ax


def model_style(name: str) -> tuple:
    """(name in figures, line style) of a classifier, or of anything else by its own name."""
    if name not in MODELS:
        return name, {"color": "#8C8C8C", "linestyle": "-", "marker": "x"}
    title, colour, line, marker = MODELS[name]
    return title, {"color": colour, "linestyle": line, "marker": marker}


def model_title(name: str) -> str:
    """Return the name of a classifier in figures and sentences."""
    return model_style(name)[0]


def descriptor_title(name: str) -> str:
    """Return the Spanish name of a column of `sound.descriptors`, with its unit."""
    if name.startswith("level_"):
        _, low, high, _ = name.split("_")
        return f"nivel de {low} a {high} Hz (dB re clip)"
    if name.startswith("mfcc_"):
        return f"MFCC {name.removeprefix('mfcc_')} (dB)"
    return DESCRIPTORS[name]


def level(unit: str) -> str:
    """Return what a colour bar says of a data set's unit: stretched clips have lost their dB."""
    return "nivel (0 a 255)" if "0..255" in unit else unit


def space_ticks(ax: Axes) -> None:
    """Leave the last tick of a time axis out: it would touch the first one of the panel beside."""
    low, high = ax.get_xlim()
    ticks = ticker.MaxNLocator(3, steps=[1, 2, 5, 10]).tick_values(low, high)
    ax.set_xticks(ticks[(ticks >= low) & (ticks < high - 0.1 * (high - low))])


def model_order(name: str) -> int:
    return list(MODELS).index(name) if name in MODELS else len(MODELS)


def place_legend(axes: Sequence, *, beside: bool = False) -> None:
    """Put the legend of all panels, each name once, below them, or beside them if it is long."""
    named = {}
    for ax in axes:
        for handle, name in zip(*ax.get_legend_handles_labels(), strict=True):
            named.setdefault(name, handle)
    where = {"loc": "outside lower center", "ncols": len(named)}
    if beside:
        where = {"loc": "outside right center"}
    axes[0].figure.legend(named.values(), named.keys(), **where)


def lighter(png: str) -> str:
    """Return a base64 PNG with a palette of at most 256 colours: half the bytes, the same to look
    at. As it is, if that is no smaller."""
    written = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(png))) as image:
        palette = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
        palette.save(written, "PNG", optimize=True)
    smaller = base64.b64encode(written.getvalue()).decode()
    return min(png, smaller, key=len)
