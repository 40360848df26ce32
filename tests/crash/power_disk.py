"""A real file system in an image file whose power can be cut: loop mount, shut down by ioctl, mounted again."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

FILE_SYSTEMS = {"ext4": "128M", "xfs": "320M"}  # XFS is never made smaller than 300 MB


class DiskUnavailable(Exception):
    """This machine does not allow such a disk; the text says why."""


def run(*command: str | Path) -> None:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DiskUnavailable(f"{command[0]}: {done.stderr.strip().splitlines()[-1:] or done.returncode}")


class PowerDisk:
    """One image and its mount point. Mounts belong in a mount namespace of the caller's own: nothing is left then."""

    def __init__(self, file_system: str, directory: Path):
        self.image = directory / f"{file_system}.img"
        self.mount_point = directory / file_system
        if os.geteuid() != 0:
            raise DiskUnavailable("mounting needs root")
        if shutil.which(f"mkfs.{file_system}") is None:
            raise DiskUnavailable(f"mkfs.{file_system} is not installed")
        self.mount_point.mkdir(parents=True)
        run("truncate", "-s", FILE_SYSTEMS[file_system], self.image)
        run(f"mkfs.{file_system}", "-q", self.image)
        self._mount()

    def _mount(self) -> None:
        run("mount", "-o", "loop", self.image, self.mount_point)

    def sync(self) -> None:
        run("sync", "-f", self.mount_point)

    def mount_again(self) -> None:
        """After the power went: what the image holds is all there is. The journal is replayed by the mount."""
        self.unmount()
        self._mount()

    def unmount(self) -> None:
        # A process that was killed may hold its files for a moment longer.
        for attempt in range(100):
            try:
                return run("umount", self.mount_point)
            except DiskUnavailable:
                if attempt == 99:
                    raise
                time.sleep(0.02)
