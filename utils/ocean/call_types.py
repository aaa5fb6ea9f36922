"""Calls that are described, not recorded: drawn for any band, length and rate, in drawn seas.

For a species of which nobody has labelled a call yet. A call is a tone whose frequency goes from
one range to another; all else is drawn widely, since nothing is known of the place (domain
randomisation; Tobin et al. 2017, IROS): the sea's spectrum, level and lines, echoes, other sounds
with and without a call, and the signal-to-noise ratio.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from utils.errors import UserError

KINDS = ("upsweep", "downsweep", "tone", "whistle")
SNR_DB = (-3.0, 15.0)  # in the call's band, over the call's duration
LEAST_SWEEP = 0.5  # of the usual one, so that ranges that overlap give no flat or opposite call
OCEAN_CLIPS = 25  # that share a sea


@dataclass(frozen=True)
class CallType:
    """A call: ranges (low, high) of its first and last frequency in Hz, and its duration in s.

    kind: of KINDS; a whistle also winds up and down on its way. source: where the ranges are from.
    UserError if they do not fit together.
    """

    name: str
    kind: str
    start: tuple[float, float]
    end: tuple[float, float]
    seconds: tuple[float, float]
    source: str = "as described"

    def __post_init__(self):
        if self.kind not in KINDS:
            raise UserError(f"no call is called {self.kind!r}; choose from {', '.join(KINDS)}.")
        ranges = {"from": self.start, "to": self.end, "duration": self.seconds}
        for name, (low, high) in ranges.items():
            if not 0 < low <= high < np.inf:
                raise UserError(
                    f"--{name} {low:g} {high:g}: give two numbers above 0, the lower one first."
                )
        first, last = np.mean(self.start), np.mean(self.end)
        if {"upsweep": first >= last, "downsweep": first <= last}.get(self.kind):
            raise UserError(
                f"the call goes from {first:g} to {last:g} Hz, which is no {self.kind}; "
                "exchange --from and --to, or name another --call."
            )

    @property
    def band(self) -> tuple[float, float]:
        """(low, high) in Hz between which it lies."""
        ends = (*self.start, *self.end)
        return float(min(ends)), float(max(ends))


PRESETS = {
    each.name: each
    for each in (
        CallType(
            "right_whale_upcall", "upsweep", (50, 150), (120, 300), (0.5, 1.5),
            "Clark 1982, Anim. Behav. 30; Parks, Clark & Tyack 2007, J. Acoust. Soc. Am. 122; "
            "Gillespie 2004, Can. Acoust. 32(2)",
        ),
        CallType(
            "blue_whale_d_call", "downsweep", (60, 110), (25, 50), (1.0, 5.0),
            "McDonald, Calambokidis, Teranishi & Hildebrand 2001, J. Acoust. Soc. Am. 109; Oleson "
            "et al. 2007, Mar. Ecol. Prog. Ser. 330",
        ),
        CallType(
            "fin_whale_20hz", "downsweep", (21, 30), (15, 20), (0.5, 1.2),
            "Watkins, Tyack, Moore & Bird 1987, J. Acoust. Soc. Am. 82",
        ),
        CallType(
            "sei_whale_downsweep", "downsweep", (70, 110), (28, 45), (1.0, 1.9),
            "Baumgartner et al. 2008, J. Acoust. Soc. Am. 124",
        ),
        CallType(
            "dolphin_whistle", "whistle", (4000, 15_000), (5000, 18_000), (0.3, 1.5),
            "Caldwell, Caldwell & Tyack 1990, in The Bottlenose Dolphin; Buck & Tyack 1993, J. "
            "Acoust. Soc. Am. 94",
        ),
    )
}  # fmt: skip


def simulate(
    call: CallType,
    n: int,
    rate: int,
    seconds: float,
    rng: np.random.Generator,
    background: Callable[[int, np.random.Generator], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, samples) float32 clips of one ocean and labels (n,): every other one has a call.

    rate in Hz; seconds: of a clip. background: (k, rng) to (k, samples) of recorded sea, which then
    takes the place of the drawn one. UserError if the call does not fit the rate.
    """
    check(call, rate)
    size = round(rate * seconds)
    labels = np.arange(n) % 2
    sea = background(n, rng) if background else _sea(n, size, rate, call.band, rng)
    power = _power_in(sea, rate, call.band)
    if background is None:
        for clip in np.flatnonzero(rng.random(n) < rng.uniform(0.2, 0.8)):
            other = _other_sound(call, size, rate, rng)
            sea[clip] += other * np.sqrt(power[clip] * 10 ** (rng.uniform(-3, 18) / 10))
    middle, spread = rng.uniform(*SNR_DB), rng.uniform(1, 5)
    for clip in np.flatnonzero(labels):
        snr = np.clip(rng.normal(middle, spread), SNR_DB[0] - 3, SNR_DB[1] + 5)
        sound = _sounding(_contour(call, rng, seconds), size, rate, rng)
        sea[clip] += _echoed(sound, rate, rng) * np.sqrt(power[clip] * 10 ** (snr / 10))
    return sea.astype(np.float32), labels


def simulate_alone(
    call: CallType, n: int, rate: int, seconds: float, rng: np.random.Generator
) -> np.ndarray:
    """Return (n, samples) float32: such calls with their echoes, without any sea."""
    check(call, rate)
    size = round(rate * seconds)
    sounds = (_sounding(_contour(call, rng, seconds), size, rate, rng) for _ in range(n))
    return np.stack([_echoed(sound, rate, rng) for sound in sounds]).astype(np.float32)


def check(call: CallType, rate: int) -> None:
    """UserError if a call does not fit a sample rate in Hz."""
    if call.band[1] >= rate / 2:
        raise UserError(
            f"a call of up to {call.band[1]:g} Hz needs a sample rate above {2 * call.band[1]:g} "
            f"Hz, not {rate}."
        )


def _contour(call, rng, clip_seconds):
    """(duration in s, function from 0..1 to Hz) of one call."""
    start, end = rng.uniform(*call.start), rng.uniform(*call.end)
    if call.kind in ("upsweep", "downsweep"):
        usual = np.mean(call.end) - np.mean(call.start)
        sweep = max(abs(end - start), LEAST_SWEEP * abs(usual))
        end = np.clip(start + np.copysign(sweep, usual), *call.band)
    elif call.kind == "tone":
        end = start + 0.1 * (end - start)
    duration = min(rng.uniform(*call.seconds), 0.95 * clip_seconds)
    bend, low, high = np.exp(rng.normal(0, 0.35)), *call.band
    depth = (rng.uniform(0.05, 0.35) if call.kind == "whistle" else 0.01) * (high - low)
    turns, phase = rng.uniform(0.5, 3.0), rng.uniform(0, 2 * np.pi)

    def frequency(u):
        path = start + (end - start) * u**bend
        return np.clip(path + depth * np.sin(2 * np.pi * turns * u + phase), 0.9 * low, high)

    return duration, frequency


def _sounding(contour, size, rate, rng):
    """(size,) a tone along a contour, anywhere in the clip, mean power 1 while it lasts."""
    duration, frequency = contour
    length = max(8, round(duration * rate))
    u = (np.arange(length) + 0.5) / length
    angle = 2 * np.pi * np.cumsum(frequency(u)) / rate
    tone = np.sin(angle)
    if rng.random() < 0.4 and 2 * frequency(u).max() < 0.48 * rate:
        tone = tone + 10 ** (rng.uniform(-20, -6) / 20) * np.sin(2 * angle)
    tone *= np.sqrt(np.sin(np.pi * u ** rng.uniform(0.6, 1.8)))
    tone *= 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * (rng.uniform(1, 4) * u + rng.random()))
    tone /= np.sqrt((tone**2).mean())
    out = np.zeros(size)
    first = rng.integers(0, max(1, size - length + 1))
    out[first : first + length] = tone[: size - first]
    return out


def _echoed(sound, rate, rng):
    """A sound with some echoes and a diffuse tail."""
    length = min(len(sound), max(16, round(0.4 * rate)))
    delays = np.arange(length) / rate
    decay = rng.uniform(0.03, 0.15)
    response = rng.standard_normal(length) * np.exp(-delays / decay)
    response *= rng.uniform(0.0, 0.6) / np.sqrt(decay * rate / 2)
    response[0] = 1.0
    for _ in range(3):
        response[rng.integers(1, length)] += rng.normal(0, 0.25)
    padded = next_fast_len(len(sound) + length, real=True)
    return irfft(rfft(sound, padded) * rfft(response, padded), padded)[: len(sound)]


def _sea(n, size, rate, band, rng):
    """(n, size) drawn noise: a slope, slow bumps over the octaves, a recorder's edges, lines."""
    frequencies = rfftfreq(size, 1 / rate)
    octaves = np.log2(np.maximum(frequencies, rate / size) / np.sqrt(band[0] * band[1]))
    shape = rng.uniform(-12, 3) * octaves  # dB an octave
    for _ in range(4):
        bump = np.sin(2 * np.pi * (rng.uniform(0.15, 1.5) * octaves + rng.random()))
        shape = shape + rng.normal(0, 3) * bump
    corner = np.exp(rng.uniform(np.log(band[0] / 10), np.log(band[0])))
    shape = shape - 10 * np.log10(1 + (corner / np.maximum(frequencies, rate / size)) ** 4)
    power = 10 ** (shape / 10)
    power += power.max() * 10 ** rng.uniform(-9, -4)  # the recorder's own noise
    level = 10 ** (rng.normal(0, 2, (n, 1)) / 10)
    white = rng.standard_normal((n, len(frequencies))) + 1j * rng.standard_normal(
        (n, len(frequencies))
    )
    sea = irfft(white * np.sqrt(power), size, axis=1) * np.sqrt(level)
    scale = np.sqrt(_power_in(sea, rate, band))[:, None]
    time = np.arange(size) / rate
    for _ in range(rng.integers(0, 6)):  # lines of ships and electronics
        pitch = np.exp(rng.uniform(np.log(band[0] / 2), np.log(min(1.5 * band[1], 0.48 * rate))))
        strength = 10 ** (rng.uniform(-20, 3, (n, 1)) / 20)
        sea += scale * strength * np.sin(2 * np.pi * (pitch * time + rng.random((n, 1))))
    return sea


def _other_sound(call, size, rate, rng):
    """(size,) a sound that is no such call, mean power about 1 while it lasts."""
    kinds = ["sweep", "burst", "knocks"] + ["tone"] * (call.kind != "tone")
    kind = rng.choice(kinds)
    low, high = call.band
    time = np.arange(size) / rate
    if kind in ("burst", "knocks"):
        middle = np.exp(rng.uniform(np.log(low / 2), np.log(min(2 * high, 0.45 * rate))))
        count = 1 if kind == "burst" else rng.integers(2, 20)
        longest = size / rate * (0.5 if kind == "burst" else 0.05)
        envelope = np.zeros(size)
        for onset in rng.uniform(0, size / rate, count):
            since = time - onset
            envelope += (since >= 0) * np.exp(-np.maximum(since, 0) / rng.uniform(0.1, 1) / longest)
        spectrum = rfft(rng.standard_normal(size))
        width = rng.uniform(0.3, 2.0)
        away = np.log2(np.maximum(rfftfreq(size, 1 / rate), 0.1) / middle)
        noise = irfft(spectrum * np.exp(-0.5 * (away / width) ** 2), size)
        return noise / noise.std() * envelope
    start, end = np.exp(rng.uniform(np.log(low / 1.5), np.log(min(1.5 * high, 0.48 * rate)), 2))
    if kind == "tone" or call.kind == "whistle":
        end = start
    elif call.kind == "upsweep":
        start, end = max(start, end), min(start, end)
    else:
        start, end = min(start, end), max(start, end)
    duration = rng.uniform(0.3, 2.0) * np.mean(call.seconds)
    contour = (min(duration, 0.95 * size / rate), lambda u: start + (end - start) * u)
    return _sounding(contour, size, rate, rng)


def _power_in(clips, rate, band):
    """(n,) mean power of (n, samples) between two frequencies."""
    spectrum = rfft(clips, axis=1)
    frequencies = rfftfreq(clips.shape[1], 1 / rate)
    inside = (frequencies >= band[0]) & (frequencies <= band[1])
    return 2 * (np.abs(spectrum[:, inside]) ** 2).sum(1) / clips.shape[1] ** 2 + 1e-20
