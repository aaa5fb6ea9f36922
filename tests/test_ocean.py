"""The simulated hydrophone: reproducible, balanced, and its truth is found again in its audio."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.signal import stft

from utils import ocean
from utils.ocean import DISTRACTORS, SNR_BAND, TRUTH_COLUMNS, OceanSettings, simulate
from utils.ocean.settings import CLIP_SAMPLES, CLIP_SECONDS, CONTOUR_TIMES, SAMPLE_RATE

QUIET = OceanSettings(**{f"{kind}_rate": 0.0 for kind in DISTRACTORS})


@pytest.fixture(scope="module")
def clips():
    return simulate(400, seed=3)


def parts_of(settings, seed=0, n=40, positive=None):
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 2 == 0 if positive is None else positive
    return ocean.recordings.render_recording(positive, rng, settings)


# Reproducible, well formed


def test_same_seed_same_clips_whatever_the_number_of_threads(clips):
    again = simulate(400, seed=3, n_jobs=1)
    assert np.array_equal(clips.audio, again.audio)
    assert np.array_equal(clips.contours, again.contours, equal_nan=True)
    assert clips.truth.equals(again.truth)
    assert np.array_equal(clips.recording, again.recording)


def test_other_seeds_and_other_recordings_sound_different(clips):
    other = simulate(400, seed=4)
    assert not np.allclose(clips.audio, other.audio, atol=1e-4)
    assert len(np.unique(clips.audio[:, :8], axis=0)) == len(clips)


def test_shapes_types_and_ranges(clips):
    assert clips.audio.shape == (400, CLIP_SAMPLES) and clips.audio.dtype == np.float32
    assert np.isfinite(clips.audio).all() and np.abs(clips.audio).max() <= 0.951
    assert clips.audio.std(axis=1).min() > 1e-4  # never silent
    assert np.mean(np.abs(clips.audio).max(axis=1) > 0.9499) < 0.03  # few turned down
    assert clips.labels.dtype == np.int8 and set(np.unique(clips.labels)) == {0, 1}
    assert len(clips) == len(clips.truth) == 400
    assert tuple(clips.truth.columns) == TRUTH_COLUMNS
    assert clips.contours.shape == (400, len(CONTOUR_TIMES))
    for kind in (*DISTRACTORS, "harmonic", "cut"):
        assert clips.truth[kind].dtype == bool


def test_truth_describes_calls_and_only_calls(clips):
    call = clips.labels == 1
    described = clips.truth[list(TRUTH_COLUMNS[:6])]
    assert described[call].notna().all(axis=None) and described[~call].isna().all(axis=None)
    assert np.isfinite(clips.contours).any(axis=1).tolist() == call.tolist()
    assert not clips.truth.loc[~call, ["harmonic", "cut"]].any(axis=None)
    assert (clips.truth.end_hz > clips.truth.start_hz)[call].all()  # up-calls go up
    assert clips.truth.loc[call, "start_hz"].between(30, 180).all()
    assert clips.truth.loc[call, "end_hz"].between(70, 450).all()
    assert clips.truth.loc[call, "duration_seconds"].between(0.3, 1.5).all()
    assert (clips.truth.n_distractors == clips.truth[list(DISTRACTORS)].sum(axis=1)).all()


# Balance and recordings


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    n=st.integers(2, 3000),
    fraction=st.floats(0.01, 0.99),
    low=st.integers(2, 60),
    more=st.integers(0, 40),
    seed=st.integers(0, 2**32),
)
def test_layout_obeys_balance_and_puts_both_classes_in_every_recording(
    n, fraction, low, more, seed
):
    settings = OceanSettings(positive_fraction=fraction, recording_clips=(low, low + more))
    recording, labels = ocean.recordings._layout(n, np.random.default_rng(seed), settings)
    assert labels.sum() == min(max(round(fraction * n), 1), n - 1)
    sizes = np.bincount(recording)
    assert sizes.sum() == len(labels) == n and (np.diff(recording) >= 0).all()
    assert sizes.min() >= 1
    calls = np.bincount(recording, labels)
    if sizes.min() >= 2 and min(calls.sum(), n - calls.sum()) >= len(sizes):
        assert (calls > 0).all() and (calls < sizes).all()


def test_default_recordings_hold_both_classes_and_are_of_the_stated_size(clips):
    recording, labels = ocean.recordings._layout(
        4000, np.random.default_rng([0, 0]), OceanSettings()
    )
    sizes, calls = np.bincount(recording), np.bincount(recording, labels)
    assert labels.mean() == pytest.approx(0.23)
    assert 30 <= sizes.min() and sizes.max() <= 70
    assert (calls >= 1).all() and (calls < sizes).all()
    assert calls.std() > 3  # recordings differ in how much is called


def test_calls_come_in_runs():
    recording, labels = ocean.recordings._layout(4000, np.random.default_rng(1), OceanSettings())
    same = recording[1:] == recording[:-1]
    after_call = labels[1:][same & (labels[:-1] == 1)].mean()
    after_none = labels[1:][same & (labels[:-1] == 0)].mean()
    assert after_call > 2 * after_none


def test_positive_fraction_of_the_settings_is_used():
    half = simulate(100, settings=OceanSettings(positive_fraction=0.5, recording_clips=(10, 12)))
    assert half.labels.sum() == 50
    assert len(np.unique(half.recording)) in (9, 10)


# The truth is in the audio


def test_contour_is_found_again_in_the_spectrogram():
    settings = replace(QUIET, snr_mean_db=20.0, snr_sd_db=0.0, cut_fraction=0.2)
    clips = simulate(120, seed=1, settings=replace(settings, positive_fraction=0.9))
    rows = np.flatnonzero(clips.labels == 1)
    frequencies, times, spectrum = stft(
        clips.audio[rows], SAMPLE_RATE, nperseg=200, noverlap=160, nfft=800
    )
    assert np.allclose(times[: len(CONTOUR_TIMES)], CONTOUR_TIMES)
    contour = clips.contours[rows]
    inside = np.isfinite(contour)
    # Away from the soft ends of the envelope.
    u = (CONTOUR_TIMES - clips.truth.start_seconds.to_numpy()[rows, None]) / (
        clips.truth.duration_seconds.to_numpy()[rows, None]
    )
    inside &= (u > 0.15) & (u < 0.9)
    band = frequencies < 420
    peak = frequencies[band][np.abs(spectrum[:, band]).argmax(axis=1)]
    error = np.abs(peak - contour)[inside]
    assert np.median(error) < 5.0
    assert np.mean(error < 12.5) > 0.8
    assert np.nanmedian(np.abs(contour - np.roll(contour, 1, axis=0))) > 8.0  # no other clip's


@pytest.mark.parametrize("mean, sd", [(-5.0, 4.0), (10.0, 0.0)])
def test_snr_is_found_again_from_call_and_ambient_noise(mean, sd):
    settings = OceanSettings(snr_mean_db=mean, snr_sd_db=sd, cut_fraction=0.3)
    parts = parts_of(settings, seed=5)
    truth = parts.truth
    time = np.arange(CLIP_SAMPLES) / SAMPLE_RATE
    bins = np.fft.rfftfreq(CLIP_SAMPLES, 1 / SAMPLE_RATE)
    for row in np.flatnonzero(truth.snr_db.notna()):
        start = truth.start_seconds[row]
        sounding = (time >= start) & (time < start + truth.duration_seconds[row])
        spectrum = np.fft.rfft(parts.ambient[row])
        spectrum[(bins < SNR_BAND[0]) | (bins > SNR_BAND[1])] = 0
        noise = np.mean(np.fft.irfft(spectrum) ** 2)
        signal = np.mean(parts.calls[row, sounding].astype(float) ** 2)
        assert 10 * np.log10(signal / noise) == pytest.approx(truth.snr_db[row], abs=0.05)
    assert abs(truth.snr_db.mean() - mean) <= 2.5 * sd + 1e-9


def test_clip_is_the_sum_of_its_parts():
    settings = OceanSettings()
    clips = simulate(45, seed=9, settings=settings)
    parts = ocean.recordings.render_recording(
        clips.labels == 1, np.random.default_rng([9, 1]), settings
    )
    total = parts.ambient + parts.calls
    for rows, signals in parts.sources.values():
        total[rows] += signals
    calm = np.abs(total).max(axis=1) < 0.95
    assert calm.mean() > 0.9
    assert np.allclose(total[calm], clips.audio[calm], atol=1e-6)


def test_cut_calls_are_cut_and_others_are_whole():
    parts = parts_of(replace(QUIET, cut_fraction=0.5), n=120)
    truth = parts.truth[parts.truth.snr_db.notna()]
    end = truth.start_seconds + truth.duration_seconds
    outside = (truth.start_seconds < 0) | (end > CLIP_SECONDS)
    assert (outside == truth.cut).all() and 0.2 < truth.cut.mean() < 0.8
    energy = parts.calls[truth.index].astype(float) ** 2
    at_start = energy[:, :100].sum(axis=1) / energy.sum(axis=1)
    early = (truth.start_seconds < 0).to_numpy()
    assert np.median(at_start[early]) > 30 * np.median(at_start[~early])


def test_harmonic_is_heard_at_twice_the_frequency():
    common = dict(snr_mean_db=10.0, snr_sd_db=0.0, cut_fraction=0.0)
    ratio = {}
    for share in (0.0, 1.0):
        settings = replace(QUIET, harmonic_fraction=share, **common)
        parts = parts_of(settings, seed=2, positive=np.ones(40, bool))
        assert (parts.truth.harmonic == bool(share)).all()
        frequencies, times, spectrum = stft(parts.calls, SAMPLE_RATE, nperseg=200, noverlap=160)
        power = np.abs(spectrum) ** 2
        frame = int(round(0.85 / 0.02))  # calls are centred near here
        fundamental = parts.contours[:, frame]
        rows = np.flatnonzero(np.isfinite(fundamental))
        bins = np.round(fundamental[rows] / frequencies[1]).astype(int)
        ratio[share] = np.median(power[rows, 2 * bins, frame] / power[rows, bins, frame])
    assert ratio[1.0] > 10 * ratio[0.0]


@pytest.mark.parametrize("kind", DISTRACTORS)
def test_flagged_distractors_are_heard_and_others_are_not(kind):
    settings = replace(QUIET, positive_rate_factor=1.0, **{f"{kind}_rate": 0.6})
    parts = parts_of(settings, seed=7, n=60)
    flagged = np.flatnonzero(parts.truth[kind])
    rows, signals = parts.sources[kind]
    assert set(parts.sources) == {kind} and rows.tolist() == flagged.tolist()
    assert 6 <= len(flagged) <= 58
    assert parts.truth.n_distractors.tolist() == parts.truth[kind].astype(int).tolist()
    noise = np.sqrt(ocean.noise.power_in_band(parts.ambient[rows]))
    # Loudest 50 ms of the source against the ambient noise.
    frames = signals.reshape(len(rows), -1, 100).astype(float)
    loudest = np.sqrt((frames**2).mean(axis=2).max(axis=1))
    assert (loudest > 0.3 * noise).mean() > 0.95
    assert np.median(loudest / noise) > 1.0


def test_distractors_occur_in_both_classes_and_factor_sets_how_often():
    positive = np.arange(400) % 2 == 0
    shares = {}
    for factor in (0.0, 0.5, 1.0):
        parts = parts_of(OceanSettings(positive_rate_factor=factor), seed=8, positive=positive)
        shares[factor] = parts.truth.groupby(positive)["n_distractors"].mean()
    assert shares[0.0][True] == 0 < shares[0.0][False]
    assert 0.3 < shares[0.5][True] / shares[0.5][False] < 0.75
    assert 0.8 < shares[1.0][True] / shares[1.0][False] < 1.25


# Settings do something, loudness does not give the class away


def levels(clips, width):
    """(n, bands) mean log power of bands so many lines wide, 50 to 800 Hz."""
    spectra = np.log(np.abs(np.fft.rfft(clips.audio)) ** 2 + 1e-12)
    return spectra[:, 100:1600].reshape(len(clips), -1, width).mean(axis=2)


def test_background_variability_scales_how_recordings_differ():
    differences = []
    for scale in (0.0, 1.0):
        settings = replace(QUIET, background_variability=scale, recording_clips=(4, 6))
        clips = simulate(200, seed=6, settings=settings)
        bands = levels(clips, 100)
        means = np.stack([bands[clips.recording == r].mean(axis=0) for r in range(20)])
        differences.append(means.std(axis=0).mean())
    assert differences[1] > 2 * differences[0]


def test_neighbours_resemble_each_other_more_than_other_recordings(clips):
    bands = levels(clips, 50)
    between = np.abs(bands[:, None] - bands[None]).mean(axis=2)
    same = clips.recording[:, None] == clips.recording[None]
    assert between[same & ~np.eye(400, dtype=bool)].mean() < 0.8 * between[~same].mean()


def test_loudness_alone_does_not_give_the_class_away(clips):
    level = clips.audio.std(axis=1)
    calls, none = level[clips.labels == 1], level[clips.labels == 0]
    louder = (calls[:, None] > none[None]).mean()  # area under the ROC curve
    assert 0.3 < louder < 0.7


# Bad input


@pytest.mark.parametrize(
    "bad, words",
    [
        ({"n_clips": 1}, "n_clips must be a whole number of at least 2"),
        ({"n_clips": 10.5}, "n_clips must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": None}, "seed must be a whole number"),
        ({"settings": {"positive_fraction": 0.5}}, "settings must be an OceanSettings"),
        ({"positive_fraction": 0.0}, "positive_fraction must be above 0"),
        ({"positive_fraction": 1.2}, "positive_fraction must lie in 0 to 1"),
        ({"snr_mean_db": float("nan")}, "snr_mean_db must lie in"),
        ({"snr_sd_db": -1.0}, "snr_sd_db must lie in"),
        ({"ship_rate": 2}, "ship_rate must lie in 0 to 1"),
        ({"burst_rate": "often"}, "burst_rate must be a number"),
        ({"cut_fraction": True}, "cut_fraction must be a number"),
        ({"recording_clips": (60, 40)}, "recording_clips must be a pair"),
        ({"recording_clips": 50}, "recording_clips must be a pair"),
    ],
)
def test_bad_input_is_told_in_one_sentence(bad, words):
    of_clips = {"n_clips", "seed", "settings"} & bad.keys()
    with pytest.raises(ValueError, match=words) as error:
        simulate(**{"n_clips": 20, **bad}) if of_clips else OceanSettings(**bad)
    assert str(error.value).endswith(".") and "\n" not in str(error.value)
