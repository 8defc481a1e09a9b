"""Writes public hourly series as `seconds,value` lines: python3 fetch_series.py DIRECTORY

Sources (installed nowhere, only unpacked; nothing of them is part of this repository):
- bikes: rentals in Washington D.C., 2011, from ISLP 0.6.0 (BSD); data of the UCI repository, CC BY 4.0.
- water-flow: flow through a pipe, 2022, from river 0.21.2 (BSD); holds some unlabeled anomalies.
- temperature: Seattle, 2010, from vega_datasets 0.9.0 (MIT); data of NOAA, public domain.
"""

import csv
import datetime
import io
import pathlib
import subprocess
import sys
import tempfile
import zipfile

UTC = datetime.timezone.utc


def member(package, path):
    """The text of a file in a package's wheel."""
    with tempfile.TemporaryDirectory() as to:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run(pip + ["--python-version", "3.11", "--dest", to, package], check=True)
        (wheel,) = pathlib.Path(to).glob("*.whl")
        return zipfile.ZipFile(wheel).read(path).decode()


def write(directory, name, points):
    lines = [f"{int(time.timestamp())},{value}\n" for time, value in points]
    (directory / f"{name}.csv").write_text("seconds,value\n" + "".join(lines))
    print(f"{name}: {len(lines)} points")


def main():
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)

    rows = csv.DictReader(io.StringIO(member("ISLP==0.6.0", "ISLP/data/Bikeshare.csv")))
    year = datetime.datetime(2011, 1, 1, tzinfo=UTC)
    at = lambda row: year + datetime.timedelta(days=int(row["day"]) - 1, hours=int(row["hr"]) + 1)
    write(directory, "bikes", [(at(row), row["bikers"]) for row in rows])

    rows = csv.reader(io.StringIO(member("river==0.21.2", "river/datasets/water-flow.csv")))
    next(rows)
    write(directory, "water-flow", [(datetime.datetime.fromisoformat(time), value) for time, value in rows if value])

    rows = csv.DictReader(io.StringIO(member("vega_datasets==0.9.0", "vega_datasets/_data/seattle-temps.csv")))
    parse = lambda text: datetime.datetime.strptime(text, "%Y/%m/%d %H:%M").replace(tzinfo=UTC)
    write(directory, "temperature", [(parse(row["date"]), row["temp"]) for row in rows])


main()
