"""A comparison for other tools: long CSV, IAMC CSV, and a workbook."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

from .. import __version__
from ..scenarios.compare import Comparison

FORMATS = ("long", "iamc", "xlsx")
_MONTHLY = "/month"
_STAMP = (2026, 1, 1, 0, 0, 0)  # bytes that repeat


def write_tables(comparison: Comparison, folder: Path) -> None:
    """Write effects, levels, crossings, what binds, inputs, attribution and variance as CSV."""
    for name, frame in tables(comparison).items():
        if not frame.empty:
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.6g")


def tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """Return the tables of a comparison by name."""
    names = ("effects", "levels", "crossings", "binding", "inputs", "attribution", "variance")
    return {name: getattr(comparison, name) for name in names}


def export(comparison: Comparison, kind: str, folder: Path) -> Path:
    """Write one of FORMATS into a folder and return the file. Raises ValueError."""
    if kind == "long":
        path = folder / "long.csv"
        long(comparison).to_csv(path, index=False, lineterminator="\n", float_format="%.6g")
    elif kind == "iamc":
        path = folder / "iamc.csv"
        iamc(comparison).to_csv(path, index=False, lineterminator="\n", float_format="%.6g")
    elif kind == "xlsx":
        path = folder / "comparison.xlsx"
        main = {name: frame for name, frame in tables(comparison).items() if name not in ("effects", "levels")}
        write_xlsx(path, {"effects": comparison.table(), **main})
    else:
        raise ValueError(f"export is {kind!r}; allowed: {', '.join(FORMATS)}")
    return path


def long(comparison: Comparison) -> pd.DataFrame:
    """Return a row per scenario, region, variable, year and statistic."""
    ids = ["scenario", "region", "variable", "unit", "year"]
    return comparison.levels.melt(id_vars=ids, value_vars=["mean", "p05", "p50", "p95"], var_name="statistic", value_name="value")


def iamc(comparison: Comparison) -> pd.DataFrame:
    """Return the wide table of the IAMC: Model, Scenario, Region, Variable, Unit, then a column per year (means over worlds).

    What flows is given by year, as the format's readers expect. Quantiles over worlds stand under "SCENARIO (p05)" and so on.
    """
    rows = long(comparison).astype({"variable": str, "region": str, "unit": str})
    monthly = rows["unit"].str.endswith(_MONTHLY)
    rows["value"] = rows["value"].where(~monthly, rows["value"] * 12.0)
    rows["unit"] = rows["unit"].where(~monthly, rows["unit"].str.removesuffix(_MONTHLY) + "/yr")
    suffix = np.where(rows["statistic"] == "mean", "", " (" + rows["statistic"] + ")")
    rows = rows.assign(scenario=rows["scenario"].astype(str) + suffix)
    wide = rows.pivot_table(index=["scenario", "region", "variable", "unit"], columns="year", values="value", sort=False).reset_index()
    wide.insert(0, "model", f"Wattrace {__version__}")
    return wide.rename(columns={name: name.capitalize() for name in ("model", "scenario", "region", "variable", "unit")})


# -- a workbook without a library -------------------------------------------------------------------------------


def write_xlsx(path: Path, sheets: dict[str, pd.DataFrame]) -> None:
    """Write frames as the sheets of a workbook (Office Open XML, values and texts only)."""
    shown = {name: frame for name, frame in sheets.items() if not frame.empty}
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{kind}.worksheet+xml"/>' for i in _numbers(shown))
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>' for i, name in zip(_numbers(shown), shown, strict=True))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(f'<Relationship Id="rId{i}" Type="{office}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in _numbers(shown))
        + "</Relationships>",
    }
    for i, frame in zip(_numbers(shown), shown.values(), strict=True):
        rows = [_row(list(frame.columns)), *(_row(row) for row in frame.itertuples(index=False))]
        files[f"xl/worksheets/sheet{i}.xml"] = f'<worksheet xmlns="{main}"><sheetData>{"".join(rows)}</sheetData></worksheet>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            archive.writestr(zipfile.ZipInfo(name, _STAMP), head + text, zipfile.ZIP_DEFLATED)


def _numbers(shown: dict[str, pd.DataFrame]) -> range:
    return range(1, len(shown) + 1)


def _row(values: Iterable[object]) -> str:
    return f"<row>{''.join(_cell(value) for value in values)}</row>"


def _cell(value: object) -> str:
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return f"<c><v>{float(value):.10g}</v></c>" if np.isfinite(value) else "<c/>"
    return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'
