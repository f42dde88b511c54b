"""What goes wrong in long batches, done for real: nothing finished is lost, and the end is byte for byte that of a batch left alone."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import wattrace
from wattrace.scenarios.batch import BatchStopped, batch, status
from wattrace.scenarios.store import part_path
from wattrace.scenarios.study import Refused, Study, StudyError
from wattrace.scenarios.verify import verify

WHAT: Any = {"scenarios": ["baseline", "us-fast-permits"], "reps": 4, "until": "2026-04", "per_part": 2}
COMMAND = ["baseline", "us-fast-permits", "--reps", "4", "--until", "2026-04", "--per-part", "2"]
MAIN = "import sys; sys.argv[0] = 'wattrace'; from wattrace.cli import main; main()"
ROOT = str(Path(wattrace.__file__).resolve().parent.parent)


@pytest.fixture(scope="module")
def whole_study(tmp_path_factory) -> Path:
    """A study that nothing happened to. To harm it take a copy."""
    folder = tmp_path_factory.mktemp("alone") / "study"
    batch(**WHAT, out=folder, workers=2)
    return folder


@pytest.fixture(scope="module")
def alone(whole_study) -> dict[str, bytes]:
    """The bytes of a batch that nothing happened to."""
    return content(whole_study)


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all results of a study."""
    files = [path for name in ("parts", "notes") for path in sorted((folder / name).iterdir())]
    files += [folder / name for name in ("failures.csv", "SHA256SUMS", "variables.csv")]
    return {path.name: path.read_bytes() for path in files}


def begin(*args: str, **options) -> subprocess.Popen:
    paths = os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, "batch", *args], env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def told_status(folder: Path) -> dict:
    with suppress(OSError, ValueError):
        return json.loads((folder / "status.json").read_text(encoding="utf-8"))
    return {"done": 0, "workers": []}


def wait_for(folder: Path, runs: int, process: subprocess.Popen) -> dict:
    """Wait until so many runs are done and all workers are known; return the status then."""
    end = time.monotonic() + 300.0  # seconds: a machine with much else to do is slow to start workers
    while time.monotonic() < end:
        found = told_status(folder)
        spooled = len(list((folder / "work").glob("run-*.bin"))) if folder.exists() else 0
        if max(found["done"], spooled) >= runs and found["workers"]:
            return found
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode} too early: {process.communicate()}")
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"nothing was done in five minutes: {process.communicate()}")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def gone(pids: list[int], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_a_killed_worker_costs_nothing(tmp_path, alone):
    folder = tmp_path / "study"
    killed: list[int] = []

    def kill_one(now) -> None:
        workers = told_status(folder)["workers"]
        if now.done >= 1 and workers and len(killed) < 2:
            killed.append(workers[0])
            os.kill(workers[0], signal.SIGKILL)
            (folder / "parts" / f".part-00003.parquet.{workers[0]}.part").write_bytes(b"half a part")  # if it had died while writing

    batch(**WHAT, out=folder, workers=1, told=kill_one)
    assert killed
    assert content(folder) == alone


def test_a_killed_parent_loses_nothing_finished_and_leaves_no_worker(tmp_path, alone):
    folder = tmp_path / "study"
    process = begin(*COMMAND, "-o", str(folder), "--workers", "2")
    workers = wait_for(folder, 1, process)["workers"]
    process.kill()
    process.communicate()
    assert gone(workers)
    found = status(folder)
    assert found["state"] == "killed"
    assert found["done"] >= 1
    batch(resume=folder, workers=2)
    assert content(folder) == alone
    assert status(folder)["state"] == "done"


@pytest.mark.parametrize(("number", "group"), [(signal.SIGINT, True), (signal.SIGTERM, False)])
def test_a_signal_stops_in_good_order_and_the_rest_is_done_later(tmp_path, alone, number, group):
    folder = tmp_path / "study"
    process = begin(*COMMAND, "-o", str(folder), "--workers", "2", start_new_session=True)
    workers = wait_for(folder, 1, process)["workers"]
    if group:
        os.killpg(process.pid, number)  # as a terminal does: all of the group get it
    else:
        process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "--resume" in told
    assert gone(workers)
    assert status(folder)["state"] == "interrupted"
    assert status(folder)["done"] >= 1
    batch(resume=folder, workers=1)
    assert content(folder) == alone


def test_harmed_parts_are_found_and_made_again(tmp_path, alone, whole_study):
    folder = tmp_path / "study"
    shutil.copytree(whole_study, folder)
    truncated, changed, removed = (part_path(folder, chunk) for chunk in range(3))
    raw = truncated.read_bytes()
    truncated.write_bytes(raw[: len(raw) // 2])
    raw = changed.read_bytes()
    changed.write_bytes(raw[:200] + bytes([raw[200] ^ 1]) + raw[201:])
    removed.unlink()
    found = verify(folder, sample=0)
    assert [text.split(":")[0] for text in found.broken] == [truncated.name, changed.name, removed.name]
    batch(resume=folder, workers=1)
    assert content(folder) == alone
    assert verify(folder, sample=1).good


def test_a_run_in_the_spool_that_was_cut_short_is_done_again(tmp_path, alone):
    folder = tmp_path / "study"
    Study.create(folder, inputs(), "")
    (folder / "work" / "run-0000001.bin").write_bytes(b"x" * 1000)
    (folder / "work" / ".run-0000002.bin.999.part").write_bytes(b"half")
    batch(resume=folder, workers=1)
    assert content(folder) == alone
    assert not list((folder / "work").iterdir())


def inputs():
    from wattrace.scenarios.batch import make_inputs

    given: Any = {"vary": None, "design": "lhs", "draws": None, "seed": 1, "start": None, "until_ci": None, "most_reps": None}
    return make_inputs(**given, **WHAT, time_limit=0.0)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 300 kB, or None where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk_stops_the_batch_and_freeing_it_lets_it_go_on(tmp_path, alone, small_disk):
    folder = (small_disk or tmp_path) / "study"
    Study.create(folder, inputs(), "")
    filler = folder.parent / "filler"
    if small_disk:
        room = os.statvfs(folder)
        filler.write_bytes(b"x" * max(room.f_bavail * room.f_frsize - 30_000, 0))
        with pytest.raises(BatchStopped, match="disk is full"):
            batch(resume=folder, workers=1)
    else:
        most = (9_000, 9_000)
        limited = begin("--resume", str(folder), "--workers", "1", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, most))
        _, told = limited.communicate(timeout=120)
        assert (limited.returncode, "--resume" in told) == (1, True), told
    filler.unlink(missing_ok=True)
    assert status(folder)["state"] in ("stopped", "begun", "killed")
    batch(resume=folder, workers=1)
    assert content(folder) == alone


def test_an_exception_in_one_run_is_a_row_of_failures(tmp_path):
    broken = wattrace.Scenario(name="broken", uncertain={"orbit.specific_power_kw_per_t": {"dist": "values", "values": [40.0, 0.0]}})
    what: Any = {"scenarios": ["baseline", broken], "vary": "world", "design": "grid", "draws": 2, "until": "2026-03"}
    study = batch(**what, out=tmp_path / "study", workers=1)
    (failure,) = study.failures()
    assert failure["scenario"] == "broken"
    assert (failure["kind"], failure["month"]) == ("error", "opening")
    assert "ZeroDivisionError" in failure["message"]
    assert status(study.folder)["done"] == 3
    assert "ZeroDivisionError" in (study.folder / "failures.csv").read_text(encoding="utf-8")


def test_a_run_over_its_time_limit_is_a_row_of_failures_and_can_be_tried_again(tmp_path):
    study = batch(scenarios="baseline", until="2026-03", out=tmp_path / "study", workers=1, time_limit=0.001)
    (failure,) = study.failures()
    assert failure["kind"] == "time limit"
    batch(resume=study.folder, workers=1, retry=True)
    assert [one["kind"] for one in study.failures()] == ["time limit"]
    assert status(study.folder)["done"] == 0


def test_other_inputs_are_refused(tmp_path, alone):
    folder = tmp_path / "study"
    Study.create(folder, inputs(), "")
    with pytest.raises(Refused, match="other reps"):
        batch(**{**WHAT, "reps": 5}, resume=folder)
    with pytest.raises(Refused, match="other scenarios"):
        batch(**{**WHAT, "scenarios": ["baseline", "starship-never"]}, resume=folder)
    with pytest.raises(StudyError, match="holds a study already"):
        batch(**WHAT, out=folder)
    refused = begin("baseline", "--until", "2026-04", "--resume", str(folder))
    refused.communicate(timeout=60)
    assert refused.returncode == 5
    batch(**WHAT, resume=folder, workers=1)
    assert content(folder) == alone


def test_a_study_made_by_other_code_is_refused(tmp_path):
    folder = tmp_path / "study"
    study = Study.create(folder, inputs(), "")
    path = folder / "study.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(study.plan["engine"]["code_sha256"], "0" * 64), encoding="utf-8")
    with pytest.raises(StudyError, match="has been changed"):
        batch(resume=folder)


def test_two_batches_do_not_work_on_one_study(tmp_path):
    from wattrace.scenarios.batch import _locked

    folder = tmp_path / "study"
    Study.create(folder, inputs(), "")
    with _locked(folder), pytest.raises(StudyError, match="another process"):
        batch(resume=folder, workers=1)
