"""Sentences of Checkpoint 3 follow the numbers of the table."""

import numpy as np
import pandas as pd
import pytest
from test_checkpoint import table

from utils.quality import checkpoint, findings


@pytest.fixture
def decision():
    return checkpoint.decide(table(), 800)


def test_who_goes_on_and_why_not(decision):
    margins = checkpoint.margins(table(), 800, "pca_gaussian")
    assert findings.passed(decision) == ["ae", "diffusion"]
    assert findings.stopped(decision) == ["vae", "aae", "gan"]
    text = findings.verdict(decision, margins, pd.Series(30.0, findings.GENERATORS), 0, 800)
    assert "VAE no sigue: no pasa el examen de copia" in text
    assert "AAE no sigue: cubre poco" in text
    assert "GAN no sigue: su utilidad queda 0.010 por debajo" in text
    assert "AE +0.050 (+0.050 a +0.050); difusión +0.050" in text
    assert "deja fuera el cero en 2 de 2." in text
    assert "Siguen: AE, difusión. Entrenamientos colapsados: 0" in text
    decision.loc["gan", "usefulness"] = decision.loc["gan", "floor"] - 1e-5
    text = findings.verdict(decision, margins, pd.Series(30.0, findings.GENERATORS), 0, 800)
    assert "menos de 0.001 por debajo" in text


@pytest.mark.parametrize("splits", [1, 4])
def test_a_generator_that_collapses_does_not_go_on_and_every_sentence_is_said(splits):
    rows = table(4)
    lost = (rows["generator"] == "ae") & (rows["seed"] < splits)
    ends = rows.drop_duplicates(["generator", "seed"]).assign(metric="collapsed", value=0.0)
    ends.loc[(ends["generator"] == "ae") & (ends["seed"] < splits), "value"] = 1.0
    rows = pd.concat([rows[~lost], ends])
    decision = checkpoint.decide(rows, 800)
    assert findings.passed(decision) == ["diffusion"] and decision.loc["ae", "collapsed"] == splits
    seconds = pd.Series(30.0, findings.GENERATORS)
    seconds["ae"] = None if splits == 4 else 30.0
    text = findings.verdict(
        decision, checkpoint.margins(rows, 800, "pca_gaussian"), seconds, splits, 800
    )
    assert "- AE no sigue: colapsa.\n" in text and ("AE 30, VAE" in text) == (splits == 1)
    measures = {"usefulness": checkpoint.summary(rows, "usefulness", 800)}
    told = findings.intervals(measures).loc["AE", "utilidad (ROC AUC)"]
    assert told == ("colapsa" if splits == 4 else "0.90 (0.90 a 0.90)")
    measures["two_sample_auc"] = measures["usefulness"]
    margins = checkpoint.margins(rows, 800, "real")
    assert "difusión" in findings.summary(decision, measures, margins, 800)
    start = "wasserstein_start_hz"
    worst = findings.worst_parameter({start: measures["usefulness"]}, {start: margins})
    assert ("**AE**" in worst) == (splits == 1)
    assert ("; VAE" in findings.topped_up(margins, 800)) == (splits == 1)
    assert ("AE -0." in findings.redrawn(measures["usefulness"]["mean"], margins, "vae")
            .replace("VAE", "").replace("AAE", "")) == (splits == 1)  # fmt: skip


def test_the_summary_sets_the_best_beside_the_best_floor(decision):
    rows = table()
    apart = pd.concat([rows, rows[rows["metric"] == "usefulness"].assign(metric="two_sample_auc")])
    measures = {
        metric: checkpoint.summary(apart, metric, 800)
        for metric in ("two_sample_auc", "usefulness")
    }
    margins = checkpoint.margins(rows, 800, checkpoint.best_floor(rows, 800))
    text = findings.summary(decision, measures, margins, 800)
    assert "PCA gaussiana, 0.850." in text and "logra ROC AUC 0.900; con reales, 0.950;" in text
    assert "se distingue de cero en 2 de los 2 que siguen" in text
    assert findings.intervals(measures).loc["GAN"].tolist() == ["0.84 (0.84 a 0.84)"] * 2


def test_what_gives_samples_away_is_set_beside_calls_drawn_again():
    apart = pd.Series({"real": 0.52, "copies": 0.66, "aae": 0.69})
    margins = pd.DataFrame({"mean": 0.03, "low": -0.01, "high": 0.07}, findings.GENERATORS)
    margins.loc["gan"] = [0.22, 0.13, 0.31]
    margins.loc["ae"] = np.nan
    text = findings.redrawn(apart, margins, "aae")
    assert "AUC de dos muestras 0.66, frente a 0.52 de las reales y 0.69 de AAE" in text
    assert "GAN +0.220 (+0.130 a +0.310)" in text
    assert f"cero en 1 de {len(findings.GENERATORS) - 1}" in text


def test_a_rejected_generator_is_not_called_a_copy_by_its_p_alone():
    names = ["copies", "real", *findings.GENERATORS]
    p = pd.DataFrame({"p, clip entero": 1.0, "p, llamada sola": 0.5, "autenticidad": 0.6}, names)
    p.loc["copies"] = [1.0, 0.0, 0.0]
    assert "Rechazados por el examen: ninguno" in findings.copies(p)
    p.loc["gan", "p, llamada sola"] = 0.001
    assert "sugiere llamadas parecidas a la media, no copias" in findings.copies(p)
    p.loc["gan", "autenticidad"] = 0.01
    assert "sugiere copias" in findings.copies(p)


def test_an_examination_that_misses_the_planted_copies_says_so():
    names = ["copies", "real", *findings.GENERATORS]
    p = pd.DataFrame({"p, clip entero": 0.0, "p, llamada sola": 0.5, "autenticidad": 0.6}, names)
    text = findings.copies(p)
    assert "Con clips enteros las copias se descubren (p = 0.00); con la llamada sola pasan" in text
    assert "el examen no ve ni las copias" in text
    p.loc["copies"] = [1.0, 0.0, 0.0]
    assert "no ve ni" not in findings.copies(p)


def test_generators_that_go_on_are_set_beside_real_calls(decision):
    told = findings.beside_real(checkpoint.margins(table(), 800, "real"), decision)
    assert "queda por debajo de cero en" in told
    for name in findings.GENERATORS:
        assert (f"{findings.title(name)} -0." in told) == (name in findings.passed(decision))
    nobody = decision.assign(goes_on=False)
    assert "Ningún generador pasa" in findings.beside_real(
        checkpoint.margins(table(), 800, "real"), nobody
    )


def test_samples_off_the_calls_level_or_deviation_are_named():
    calls = np.random.default_rng(0).normal(-20, 4, (50, 8, 8))
    fine = {"ae": calls + 1, "vae": 1.2 * (calls + 20) - 20}
    told = findings.alike(fine, calls)
    assert told.startswith("nivel medio y desviación: dentro del margen, en todos (margen: nivel a")
    assert "menos de 0.5 desviaciones, desviación de 0.7 a 1.3 veces" in told
    text = findings.alike(fine | {"gan": calls + 8, "aae": 0.5 * (calls + 20) - 20}, calls)
    assert "GAN (nivel medio +8.0, desviación 1.00 veces)" in text
    assert "AAE" in text and "0.50 veces" in text and "VAE" not in text


def test_what_codes_put_in_order_is_told_as_a_share():
    numbers = {"ordered snr_db": 0.142, "ordered start_hz": -0.05}
    told = findings.codes(numbers | {"group purity": 0.06, "group chance": 0.03})
    shares = "el 14 % de la varianza de la SNR y nada de la varianza de la frecuencia inicial."
    assert shares in told
    assert "de su mismo grupo el 6 %, 2.0 veces" in told


def test_the_filter_names_whom_it_moves():
    rate = pd.Series({"ae": 0.03, "gan": 0.05})
    change = pd.DataFrame({"mean": 0.02, "low": -0.01, "high": 0.05}, ["ae", "gan"])
    text = findings.rejection(rate, change)
    assert "Se desecha del 3 al 5 % de" in text and text.count("+0.020 (-0.010 a +0.050)") == 2
    assert "el intervalo deja fuera el cero en: ninguno" in text
    change.loc["gan"] = [0.02, 0.01, 0.03]
    assert "el intervalo deja fuera el cero en: GAN" in findings.rejection(rate, change)


def test_the_worst_parameter_is_marked_where_intervals_part():
    names = ["real", *findings.GENERATORS]
    rows = pd.DataFrame({"mean": 1.0, "low": 0.8, "high": 1.2}, names)
    slope = rows.copy()
    slope.loc["gan"] = [4.0, 3.0, 5.0]
    truth = {"wasserstein_snr_db": rows, "wasserstein_slope_hz_s": slope}
    margins = {metric: own - 1.0 for metric, own in truth.items()}
    text = findings.worst_parameter(truth, margins)
    assert "**GAN**: pendiente, 4.0 veces la distancia entre reales" in text
    assert text.count("(la diferencia, apareada, no se distingue)") == len(findings.GENERATORS) - 1
    gain = pd.DataFrame({"mean": -0.01, "low": -0.02, "high": 0.01}, [*names, "pca_gaussian"])
    gain.loc["gan", "high"] = -0.005
    told = findings.topped_up(gain, 800)
    assert "PCA gaussiana -0.010 (-0.020 a +0.010)" in told
    assert f"por encima de cero en 0 y por debajo en 1 de {len(findings.GENERATORS) + 1}." in told


def test_the_control_counts_false_alarms():
    told = findings.control(pd.Series([0.001, 0.5, 0.0099, 0.01, 0.9]))
    assert "da p < 0.01 en 2 de 5 particiones, y debería darla en una de cada 100" in told
    assert told.endswith("que perdona hasta 2 rechazos.")


def test_the_power_names_the_least_share_of_copies_that_is_seen():
    told = findings.power({0.1: 0.5, 0.2: 0.02, 0.5: 0.001}, "vae", 200)
    assert "Muestras de VAE, que aprendió de 200 llamadas," in told and "20 %, p = 0.020" in told
    assert "En esta partición el examen las ve desde el 50 %" in told
    assert "con ninguna de estas partes" in findings.power({0.1: 0.5}, "vae", 200)


def test_single_copies_are_told_by_the_nearest_samples():
    told = findings.near({"real": 0.01, "ae": 0.014, "vae": 0.0, "copies": 0.83})
    assert "AE 1.4 %; VAE 0.0 %; las copias, 83 %." in told
