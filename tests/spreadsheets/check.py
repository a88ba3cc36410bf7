"""Exports complaints whose texts a spreadsheet would like to calculate, opens the files in LibreOffice without a window, and
compares each cell with the row of the NDJSON export: what it shows, and what it took it for."""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

TOUSU = Path(sys.argv[1]).resolve()
OFFICE, TABLE, TEXT = (
    "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}" % name for name in ("office", "table", "text")
)

WORDS = [
    "要退款，商家一直不处理", "=1+1", "+1+2", "-1+2", "@SUM(A1)", "=HYPERLINK(\"http://x.example\",\"点\")", "\t=1+1", " =1+1",
    "＝1+1", "1-2", "2024/4/19", "1E5", "TRUE", "007", "20240417180801783546", "第一行\n第二行", "带\"引号\",逗号;分号", "<b>&amp;</b>",
    "_x000D_", "😀退款", "=cmd|'/C calc'!A0",
]  # fmt: skip
# Words that are numbers and may stay so.
NUMBERS = ["-30", "+1.5", "12"]
IDS = ["20240417180801783546", "c_6621e41fa5e18_dA0idHLY", "1-2", "007", "1E5", "=1+1", "MAR1", "E20240417180801783546V2"]


def rows():
    for at, reason in enumerate(WORDS + NUMBERS):
        yield {
            "complaint_id": IDS[at] if at < len(IDS) else f"c_{at:03}",
            "complaint_reason": reason,
            "complaint_resource_id": IDS[at % len(IDS)],
            "complainant_phone": ["188****1474", "+86*******1474", "010-****5678"][at % 3],
            "complaint_time": f"2024-04-{at % 28 + 1:02} 23:59:{at:02}",
            "channel_type": 1, "complaint_from": [101, 201, 210][at % 3], "complaint_resource_type": 0,
            "complaint_type": 1, "current_step": 1, "state": 0, "is_overtime": 1, "time_limit": 72,
            "operate_time": "2024-04-19 11:25:19", "operate_end_time": "2024-04-22 11:25:19",
        }  # fmt: skip


def tousu(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOUSU_")}
    subprocess.run([TOUSU, *arguments], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def opened(folder, file):
    """The cells of the first sheet: what each is, and its text."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    # What its window has chosen where a file begins with the mark of UTF-8; without a window it looks for none. It is to
    # detect as much as it can.
    how = ["--infilter=CSV:44,34,UTF8,1,,0,false,true"] if file.endswith(".csv") else []
    subprocess.run(
        ["soffice", profile, "--headless", *how, "--convert-to", "fods", "--outdir", folder / "out", folder / file],
        check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300,
    )  # fmt: skip
    tree = xml.parse(folder / "out" / Path(file).with_suffix(".fods"))
    for row in tree.find(f".//{TABLE}table").iter(f"{TABLE}table-row"):
        cells = []
        for cell in row:
            assert f"{TABLE}formula" not in cell.attrib, f"{file}: a formula: {cell.attrib}"
            kind = cell.get(f"{OFFICE}value-type", "")
            value = cell.get(f"{OFFICE}date-value") or cell.get(f"{OFFICE}value") or shown(cell)
            many = int(cell.get(f"{TABLE}number-columns-repeated", 1))
            cells += [(kind, value)] * min(many, 100)
        if any(kind for kind, _ in cells):
            yield cells


def shown(cell):
    def of(node):
        inner = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n", f"{TEXT}s": " " * int(node.get(f"{TEXT}c", 1))}
        return (inner.get(node.tag) or (node.text or "") + "".join(map(of, node))) + (node.tail or "")

    return "\n".join(of(paragraph).removesuffix(paragraph.tail or "") for paragraph in cell.findall(f"{TEXT}p"))


def check(folder, file, expected):
    found = list(opened(folder, file))
    manifest = json.loads((folder / f"{file}.manifest.json").read_text())
    assert manifest["rows"] == len(expected) == len(found) - 1, (len(found), len(expected))
    keys = [column["key"] for column in manifest["columns"]]
    assert [text for _, text in found[0][: len(keys)]] == [column["heading"] for column in manifest["columns"]]
    compared = 0
    for row, cells in zip(expected, found[1:]):
        cells = dict(zip(keys, cells))
        for key in ("complaint_id", "complaint_resource_id", "complainant_phone", "complaint_reason"):
            kind, text = cells[key]
            want = row[key]
            if file.endswith(".csv") and want in NUMBERS:
                assert kind == "float" and float(text) == float(want), (file, key, want, kind, text)
                continue
            assert kind == "string", (file, key, want, kind, text)
            # The guard of CSV, and blanks that LibreOffice keeps as they are.
            assert text == want or text == "\t" + want, (file, key, want, text)
            compared += 1
        for key in ("complaint_time", "operate_time", "operate_end_time"):
            kind, text = cells[key]
            assert kind == "date", (file, key, row[key], kind, text)
            assert text.split(".")[0].replace("T", " ") == row[key], (file, key, row[key], text)
            compared += 1
    print(f"{file}: {len(expected)} rows, {compared} cells as they should be, no formula")


with tempfile.TemporaryDirectory() as work:
    folder = Path(work)
    (folder / "rows.json").write_text(json.dumps(list(rows()), ensure_ascii=False))
    tousu(folder, "shop", "add", "appSheets", "--name", "测试店铺")
    tousu(folder, "import", "--shop", "appSheets", "rows.json")
    for file in ("rows.ndjson", "rows.csv", "table.xlsx"):
        tousu(folder, "export", file, "--shop", "appSheets")
    expected = [json.loads(line) for line in (folder / "rows.ndjson").read_text().splitlines()]
    assert {row["complaint_reason"] for row in expected} >= {"=1+1", "😀退款", "-30"}
    for file in ("rows.csv", "table.xlsx"):
        check(folder, file, expected)
