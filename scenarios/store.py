"""How runs are kept: a spool file per finished run, gathered into Parquet parts that appear whole or not at all.

A part holds rows (run, region, month) and a float32 column per variable. Every file is written under another name,
flushed to the disk, then renamed; what a part holds and its sum stand in a note that is there before the part is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PARTS, NOTES, WORK, SUMS = "parts", "notes", "work", "SHA256SUMS"
_DIGEST = 32
ID_COLUMNS = ("scenario", "draw", "replicate", "region", "month", "date")


class Layout(NamedTuple):
    """What a run's numbers are: variables × regions × months."""

    variables: tuple[str, ...]
    regions: tuple[str, ...]
    dates: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.variables), len(self.regions), len(self.dates)


class RunKey(NamedTuple):
    """Which run: its number in the study, scenario, world draw, replicate, and the seed of its luck."""

    number: int
    scenario: str
    draw: int
    replicate: int
    seed: int


def extract(world: Any, layout: Layout) -> np.ndarray:
    """Return the recorded numbers [V, R, M] as float32; NaN where a variable has no such region (a zone's in nations, and the reverse)."""
    out = np.full(layout.shape, np.nan, dtype=np.float32)
    record = world.record
    for v, variable in enumerate(layout.variables):
        names = record.regions[record.scope[variable]]
        for r, region in enumerate(layout.regions):
            if region in names:
                out[v, r] = record.data[variable][: record.written, names.index(region)]
            elif region == "World" or (region == "Rest" and record.scope[variable] == "nation"):
                out[v, r] = record.series(variable, region)
    return out


# -- spool ------------------------------------------------------------------------------------------------------


def spool_path(study: Path, number: int) -> Path:
    """Return where a finished run waits for its part."""
    return study / WORK / f"run-{number:07d}.bin"


def failed_path(study: Path, number: int) -> Path:
    """Return where a failed run waits for its part."""
    return study / WORK / f"run-{number:07d}.json"


def spool(study: Path, number: int, data: np.ndarray) -> None:
    """Keep a finished run, with its digest in front."""
    raw = data.tobytes()
    whole(spool_path(study, number), lambda path: path.write_bytes(hashlib.sha256(raw).digest() + raw), flush=False)


def spooled(study: Path, number: int, layout: Layout) -> np.ndarray | None:
    """Return a kept run; None where there is none or its bytes are not those that were written."""
    try:
        raw = spool_path(study, number).read_bytes()
    except FileNotFoundError:
        return None
    if len(raw) != _DIGEST + 4 * int(np.prod(layout.shape)) or hashlib.sha256(raw[_DIGEST:]).digest() != raw[:_DIGEST]:
        return None
    return np.frombuffer(raw, dtype=np.float32, offset=_DIGEST).reshape(layout.shape)


def spool_failure(study: Path, number: int, kind: str, month: str, message: str) -> None:
    """Keep what is known of a failed run."""
    text = json.dumps({"kind": kind, "month": month, "message": message[:1000]})
    whole(failed_path(study, number), lambda path: path.write_text(text, encoding="utf-8"), flush=False)


def spooled_failure(study: Path, number: int) -> dict[str, str] | None:
    """Return what is known of a failed run; None where it did not fail."""
    try:
        found = json.loads(failed_path(study, number).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) and set(found) == {"kind", "month", "message"} else None


# -- parts ------------------------------------------------------------------------------------------------------


def part_path(study: Path, chunk: int) -> Path:
    """Return the Parquet file of a chunk."""
    return study / PARTS / f"part-{chunk:05d}.parquet"


def missing_parts(study: Path) -> list[str]:
    """Return the files that the sums of a study list and that are not there; none before the sums are written."""
    try:
        listed = (study / SUMS).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    return [name for line in listed if (name := line.partition("  ")[2]) and not (study / name).exists()]


def note_path(study: Path, chunk: int) -> Path:
    """Return the file that says what a part holds."""
    return study / NOTES / f"part-{chunk:05d}.json"


def write_part(study: Path, chunk: int, identity: str, keys: list[RunKey], layout: Layout) -> None:
    """Gather the spooled runs of a chunk into a part, then let the spool go."""
    runs, failures = [], []
    for key in keys:
        data = spooled(study, key.number, layout)
        if data is not None:
            runs.append((key, data))
        else:
            failures.append(key._asdict() | (spooled_failure(study, key.number) or {}))
    table = as_table(runs, layout, identity)
    path = part_path(study, chunk)

    def write(temporary: Path) -> None:
        write_table(table, temporary, layout)
        note = {
            "study": identity, "chunk": chunk, "runs": [key.number for key, _ in runs], "failures": failures,
            "rows": table.num_rows, "bytes": temporary.stat().st_size, "sha256": file_digest(temporary),
        }  # fmt: skip
        text = json.dumps(note, indent=1) + "\n"
        whole(note_path(study, chunk), lambda at: at.write_text(text, encoding="utf-8"))

    whole(path, write)
    for key in keys:
        spool_path(study, key.number).unlink(missing_ok=True)
        failed_path(study, key.number).unlink(missing_ok=True)


def as_table(runs: list[tuple[RunKey, np.ndarray]], layout: Layout, identity: str) -> Any:
    """Return the rows of some runs as an Arrow table."""
    import pyarrow as pa

    regions, months = len(layout.regions), len(layout.dates)
    each = regions * months

    def labelled(codes: np.ndarray, labels: Iterable[str]) -> Any:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(labels), pa.string()))

    scenarios = list(dict.fromkeys(key.scenario for key, _ in runs))
    repeated = lambda values: np.repeat(np.array(values, dtype=np.int32), each)  # noqa: E731
    month = np.tile(np.arange(months, dtype=np.int16), regions * len(runs))
    days = np.array([f"{date}-01" for date in layout.dates], dtype="datetime64[D]")
    arrays = [
        labelled(repeated([scenarios.index(key.scenario) for key, _ in runs]), scenarios),
        pa.array(repeated([key.draw for key, _ in runs])),
        pa.array(repeated([key.replicate for key, _ in runs])),
        labelled(np.tile(np.repeat(np.arange(regions), months), len(runs)), layout.regions),
        pa.array(month),
        pa.array(np.tile(days, regions * len(runs))),
    ]
    empty = np.empty((0, *layout.shape), dtype=np.float32)
    data = np.stack([one for _, one in runs]) if runs else empty
    arrays += [pa.array(np.ascontiguousarray(data[:, v]).reshape(-1)) for v in range(len(layout.variables))]
    return pa.table(arrays, names=[*ID_COLUMNS, *layout.variables]).replace_schema_metadata({"study": identity})


def write_table(table: Any, path: Path, layout: Layout) -> None:
    """Write Parquet: zstd, numbers split by byte, labels as dictionaries."""
    import pyarrow.parquet as pq

    pq.write_table(
        table, path, compression="zstd", compression_level=3, use_dictionary=["scenario", "region", "date", "draw", "replicate", "month"],
        use_byte_stream_split=list(layout.variables), write_statistics=list(ID_COLUMNS),
    )  # fmt: skip


def read_note(study: Path, chunk: int, identity: str) -> dict[str, Any] | None:
    """Return what a part holds, where the part is there and is what was written; None otherwise."""
    try:
        note = json.loads(note_path(study, chunk).read_text(encoding="utf-8"))
        good = note["study"] == identity and part_path(study, chunk).stat().st_size == note["bytes"]
        return note if good and file_digest(part_path(study, chunk)) == note["sha256"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def file_digest(path: Path) -> str:
    """Return the sha256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def whole(path: Path, write: Callable[[Path], Any], *, flush: bool = True) -> None:
    """Write a file under a temporary name, flush it to the disk, then give it its name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        if flush:
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(study: Path) -> None:
    """Remove what writers that were killed left behind under temporary names."""
    for folder in (study, study / PARTS, study / NOTES, study / WORK):
        for path in folder.glob(".*.part"):
            path.unlink(missing_ok=True)
