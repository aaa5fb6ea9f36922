"""A detector over a folder of recordings: tables that grow a recording at a time, and resume."""

import glob
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from utils import tables
from utils.data import audio
from utils.data.annotations import DONE, EVENTS, RUN, TABLE, TRACK, UNUSABLE, WINDOWS
from utils.data.files import AUDIO_SUFFIXES, list_files, natural, shown
from utils.detect import events, listening, selections
from utils.detect.store import SETTINGS, Detector
from utils.errors import UserError
from utils.progress import progress

LOCK, SCORES = ".lock", ".scores"  # of a run, and of the recording that is being searched


@dataclass(frozen=True)
class Done:
    """What a run has found: numbers of recordings and events, hours, and bad files by name."""

    recordings: int
    events: int
    hours: float
    bad: dict[str, str] = field(default_factory=dict)
    before: int = 0  # recordings that an earlier run had searched
    silent: int = 0  # recordings in which nothing sounds
    learned: int = 0  # recordings that have the names of some that the detector learned from
    mixed: int = 0  # recordings of several channels, which are averaged


def run(
    detector: Detector,
    folder: str | Path,
    out: str | Path,
    *,
    threshold: float | None = None,
    windows: bool = False,
) -> Done:
    """Search the recordings in a folder, or one file, and write tables into `out`.

    threshold: instead of the detector's own. windows: also write the scores of all windows. What is
    finished stays finished: recordings that have a row in recordings.csv are not searched again,
    and one that a run was interrupted in is gone on with.
    UserError if `out` holds the results of another run, or one is writing to it now.
    """
    folder, out = Path(folder), Path(out)
    if detector.settings is None:
        raise UserError(
            "this detector was trained on stored spectrograms and cannot listen to recordings; "
            "train one on audio."
        )
    detector.check()
    if out.exists() and not out.is_dir():
        raise UserError(f"{out.name} is a file; name a folder with --out.")
    root, paths = _recordings(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    with tables.sole_writer(out / LOCK, "run", out):
        chosen = detector.threshold if threshold is None else threshold
        return _Search(detector, root, out, chosen, windows).all(paths)


def _recordings(folder, out):
    """The folder below which recordings are named, and their paths in order."""
    if folder.is_file():
        return folder.parent, [folder]
    if not folder.is_dir():
        raise FileNotFoundError(
            f"no folder or recording is called {str(folder)!r}; check the path."
        )
    if out.resolve().is_relative_to(folder.resolve()):
        raise UserError(
            f"--out {out.name} lies in the folder of the recordings, where its tables would be "
            "taken for annotations; name a folder elsewhere."
        )
    paths = list_files(folder, AUDIO_SUFFIXES, deep=True)
    if not paths:
        raise UserError(f"{folder.name}/ holds no audio file; name the folder of the recordings.")
    stems = {}
    for path in paths:
        if (twin := stems.setdefault(path.with_suffix(""), path)) != path:
            raise UserError(
                f"{twin.name} and {path.name} differ in their endings only, and would share a "
                "table; rename one of them."
            )
    return folder, sorted(paths, key=lambda path: natural(path.as_posix()))


class _Search:
    """One run over recordings below `root`."""

    def __init__(self, detector, root, out, threshold, windows):
        self.detector, self.root, self.out = detector, root, out
        self.threshold, self.windows = threshold, windows
        settings = {"detector": detector.digest, "call": detector.call}
        settings |= {"threshold": threshold, "windows": windows}
        known = out / RUN
        if not known.is_file():
            if any(out.glob(f"**/*{TABLE}")):
                raise UserError(f"{out.name}/ holds other selection tables; name another --out.")
            for name in (DONE, EVENTS, SETTINGS):
                if (out / name).exists():
                    raise UserError(f"{out.name}/ holds another {name}; name another --out.")
            tables.write_text(json.dumps(settings), known)
        elif _settings(known) != settings:
            raise UserError(
                f"{out.name}/ holds what another detector, threshold or choice of --windows found; "
                "name another --out, or remove it."
            )
        for left in out.rglob(".*.*"):  # of a run that was killed while it wrote
            if any(name in left.name for name in (TABLE, TRACK, WINDOWS, DONE, EVENTS, RUN)):
                left.unlink()
        stored = searched(out)
        rows = [] if stored is None else stored.to_dict("records")
        # A recording whose table was taken away is searched again.
        self.rows = [row for row in rows if beside(out / row["file"], TABLE).is_file()]

    def all(self, paths):
        """Search what is not done yet; return what is Done."""
        known = {row["file"]: row for row in self.rows}
        waiting, bad, before, mixed = [], {}, 0, 0
        for path in paths:
            file = path.relative_to(self.root).as_posix()
            head, reason = audio.examine(path)
            reason = reason or self._deaf(head)
            if reason:
                bad[shown(file)] = reason
                continue
            mixed += head.channels > 1
            if _state(path) == known.get(file, {}).get("state"):
                before += 1
            else:
                waiting.append((file, path, head.seconds))
        bar = progress(total=round(sum(seconds for *_, seconds in waiting)), what="searched (s)")
        for file, path, seconds in waiting:
            try:
                self._one(file, path, seconds, bar.update)
            except listening.Unreadable as error:
                bad[shown(file)] = str(error)
        bar.close()
        self._finish(bad)
        hours = sum(row["seconds"] for row in self.rows) / 3600
        silent, learned = (
            sum(row.get(name) is True for row in self.rows) for name in ("silent", "learned")
        )
        found = sum(row["events"] for row in self.rows)
        return Done(len(self.rows), found, hours, bad, before, silent, learned, mixed)

    def _deaf(self, head):
        """Why no call can be heard in a recording, in words; None if one can."""
        highest, (low, high) = head.rate / 2, self.detector.band
        if high <= highest:
            return None
        return (
            f"it is sampled at {head.rate:g} Hz and holds nothing above {highest:g} Hz, and "
            f"the calls lie at {low:.0f} to {high:.0f} Hz"
        )

    def _one(self, file, path, seconds, step):
        target = self.out / file
        target.parent.mkdir(parents=True, exist_ok=True)
        kept = target.with_name(f".{target.name}.{tables.digest(_state(path))}{SCORES}")
        for other in target.parent.glob(f".{glob.escape(target.name)}.*{SCORES}"):
            if other != kept:  # of what the recording was before
                other.unlink()
        try:
            begins, scores, silent = listening.listen(path, self.detector, step, kept)
        except listening.Unreadable:
            kept.unlink(missing_ok=True)
            raise
        length = self.detector.settings.clip_seconds
        chosen = events.peaks(begins, scores, self.threshold, length)
        first, last = begins[chosen], begins[chosen] + length
        if self.windows:
            times = np.round(begins, 3), np.round(begins + length, 3)
            tables.write(_timed(file, *times, np.round(scores, 4)), beside(target, WINDOWS))
        track = selections.audacity(first, last, self.detector.call, scores[chosen])
        tables.write_text(track, beside(target, TRACK))
        found = selections.raven(
            first, last, self.detector.band, scores[chosen], self.detector.call
        )
        text = found.to_csv(sep="\t", index=False, lineterminator="\n")
        tables.write_text(text, beside(target, TABLE))
        own = {
            "file": file, "seconds": round(seconds, 3), "events": len(chosen),
            "begins": selections.clock(file, [0.0])[0], "state": _state(path),
            "learned": path.name in self.detector.recordings, "silent": silent,
        }  # fmt: skip
        self.rows = [row for row in self.rows if row["file"] != file] + [own]
        tables.write(pd.DataFrame(self.rows), self.out / DONE)
        kept.unlink()

    def _finish(self, bad):
        """One table of the events of all recordings, with absolute times where names tell them; and
        one of the files that could not be used, if there are any."""
        if bad:
            table = pd.DataFrame({"file": bad.keys(), "reason": bad.values()})
            tables.write(table, self.out / UNUSABLE)
        else:
            (self.out / UNUSABLE).unlink(missing_ok=True)
        parts = []
        for row in self.rows:
            table = pd.read_csv(beside(self.out / row["file"], TABLE), sep="\t")
            known = (table[name] for name in (*selections.RAVEN[3:5], selections.SCORE))
            parts.append(_timed(row["file"], *known))
            parts[-1].insert(0, "file", row["file"])
        if parts:
            tables.write(pd.concat(parts, ignore_index=True), self.out / EVENTS)


def _timed(file, begins, ends, scores):
    """Windows of a recording, with absolute times where its name tells them."""
    table = pd.DataFrame({"begin_s": begins, "end_s": ends, "score": scores})
    return table.assign(time=selections.clock(file, begins))


def searched(out: Path) -> pd.DataFrame | None:
    """Return the table of a run's finished recordings, None if there is none; UserError if it is
    damaged."""
    try:
        found = tables.read(out / DONE)
        if found is None:
            return None
        whole = found[["file", "seconds", "events", "state"]].notna().all(axis=None)
        if whole and (found[["seconds", "events"]].map(float) >= 0).all(axis=None):
            return found
    except (ValueError, KeyError):  # pandas' errors, too
        pass
    raise _damaged(out, DONE)


def searched_for(out: Path) -> str | None:
    """Return the call that a run's detector finds; None if the run does not say."""
    path = out / RUN
    return _settings(path).get("call") if path.is_file() else None


def _settings(path):
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise _damaged(path.parent, path.name) from error


def _damaged(out, name):
    return UserError(f"{out.name}/{name} is damaged; remove {out.name}/ and search again.")


def _state(path):
    """What tells a recording from another of its name."""
    found = path.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


def beside(target: Path, ending: str) -> Path:
    """The path of a table of a recording."""
    return target.with_name(target.stem + ending)
