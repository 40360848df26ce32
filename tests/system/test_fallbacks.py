"""Targets and file systems that are not the usual ones: what docs/publishing.md says of them, on real mounts."""

from __future__ import annotations

import os
import subprocess

import pyarrow.parquet as pq
import pytest
from test_cli_errors import SINK, assert_one_error


@pytest.fixture
def mount(tmp_path):
    """Runs mount(8) and undoes it at the end; skips loudly where mounting is forbidden."""
    mounted = []

    def run(*arguments, at):
        done = subprocess.run(["mount", *map(str, arguments), str(at)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"SKIPPED: this cannot be mounted here: {done.stderr.strip()}")
        mounted.append(at)

    yield run
    for at in reversed(mounted):
        subprocess.run(["umount", at], check=True)


@pytest.fixture
def publish(headrace, tmp_path):
    """Publishes rows n = first, first + 1 with the key k = n."""

    def run(target, first, mode="overwrite", expect=0):
        (tmp_path / "in.csv").write_text(f"n,k\n{first},{first}\n{first + 1},{first + 1}\n")
        done = headrace("convert", "in.csv", target, "--partition-by", "k", "--mode", mode)
        assert done.exit_code == expect, done.stderr
        return done

    return run


def numbers(dataset):
    files = sorted(dataset.glob("*/*.parquet"))
    return sorted(n for file in files for n in pq.ParquetFile(file).read().column("n").to_pylist())


def leftovers(parent):
    return [path.name for path in parent.rglob("*") if path.name.startswith("txn-")]


def test_a_target_that_is_a_mount_point(publish, mount, tmp_path):
    (tmp_path / "out").mkdir()
    mount("-t", "tmpfs", "headrace-test", at=tmp_path / "out")
    assert_one_error(publish("out", 1, expect=SINK), SINK, "mount point", str(tmp_path / "out"))
    assert not (tmp_path / ".out.headrace").exists()


def test_a_side_directory_on_another_device(publish, mount, tmp_path):
    publish("out", 1, mode="create")
    mount("-t", "tmpfs", "headrace-test", at=tmp_path / ".out.headrace")
    assert_one_error(publish("out", 5, expect=SINK), SINK, "E0614", "another device", "unmount or remove it")
    assert numbers(tmp_path / "out") == [1, 2]


def test_a_parent_that_is_mounted_read_only(publish, mount, tmp_path):
    parent = tmp_path / "parent"
    parent.mkdir()
    publish("parent/out", 1, mode="create")
    mount("--bind", parent, at=parent)
    done = subprocess.run(["mount", "-o", "remount,ro,bind", parent], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert_one_error(publish("parent/out", 5, expect=SINK), SINK, "E0604", "not mounted read-only")
    assert numbers(parent / "out") == [1, 2]


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite-partitions"])
def test_a_target_that_is_a_symbolic_link(publish, tmp_path, mode):
    (tmp_path / "elsewhere").mkdir()
    publish("elsewhere/data", 1, mode="create")
    (tmp_path / "out").symlink_to("elsewhere/data")
    publish("out", 2, mode=mode)
    assert (tmp_path / "out").is_symlink()
    expected = {"append": [1, 2, 2, 3], "overwrite": [2, 3], "overwrite-partitions": [1, 2, 3]}[mode]
    assert numbers(tmp_path / "elsewhere/data") == expected
    assert not (tmp_path / ".out.headrace").exists(), "the side directory stands beside the dataset, not the link"
    assert leftovers(tmp_path) == []


@pytest.fixture
def overlay(mount, tmp_path):
    """A directory whose content lies in the lower layer of an overlay."""
    below, above, work, merged = (tmp_path / name for name in ("below", "above", "work", "merged"))
    for directory in (above, work, merged):
        directory.mkdir()
    # An overlay needs an upper file system with the features of a real one.
    mount("-t", "tmpfs", "headrace-test", at=above)
    for name in ("upper", "work"):
        (above / name).mkdir()
    options = f"lowerdir={below},upperdir={above / 'upper'},workdir={above / 'work'}"

    def make():
        mount("-t", "overlay", "headrace-test", "-o", options, at=merged)
        return merged

    below.mkdir()
    return below, make


def test_a_new_dataset_on_an_overlay(publish, overlay, tmp_path):
    _, make = overlay
    merged = make()
    publish("merged/out", 1, mode="create")
    publish("merged/out", 5, mode="append")
    publish("merged/out", 6, mode="overwrite-partitions")
    assert numbers(merged / "out") == [1, 2, 5, 6, 7]
    assert leftovers(merged) == []


@pytest.mark.parametrize("mode", ["append", "overwrite", "overwrite-partitions"])
def test_a_dataset_in_the_lower_layer_of_an_overlay(publish, overlay, tmp_path, mode):
    below, make = overlay
    publish("below/out", 1, mode="create")
    merged = make()
    # A directory of a lower layer cannot be renamed, so nothing can take its place in one step.
    done = publish("merged/out", 5, mode=mode, expect=SINK)
    assert_one_error(done, SINK, "E0620", "lower layer of an overlay", "make it anew once")
    assert numbers(merged / "out") == [1, 2]
    assert leftovers(merged) == []
    # What the message advises: from then on it stands in the upper layer.
    commands = "cp -a out out.new && rm -r out && mv out.new out"
    subprocess.run(commands, shell=True, cwd=merged, check=True)
    publish("merged/out", 5, mode=mode)
    assert numbers(merged / "out") == ([5, 6] if mode == "overwrite" else [1, 2, 5, 6])
    assert numbers(below / "out") == [1, 2]


@pytest.mark.parametrize("mode", ["create", "overwrite"])
def test_a_file_in_the_lower_layer_of_an_overlay(headrace, publish, overlay, tmp_path, mode):
    _, make = overlay
    (tmp_path / "in.csv").write_text("n\n1\n")
    assert headrace("convert", "in.csv", "below/one.parquet").exit_code == 0
    make()
    (tmp_path / "in.csv").write_text("n\n2\n")
    done = headrace("convert", "in.csv", "merged/one.parquet", "--mode", mode)
    assert done.exit_code == (SINK if mode == "create" else 0), done.stderr
    expected = 1 if mode == "create" else 2
    assert pq.read_table(tmp_path / "merged/one.parquet").column("n").to_pylist() == [expected]


@pytest.fixture
def xfs(mount, tmp_path):
    """A function that makes an XFS in a file and mounts it."""

    def make(*options):
        image, directory = tmp_path / "disk.xfs", tmp_path / "xfs"
        with open(image, "wb") as file:
            os.truncate(file.fileno(), 320 << 20)
        try:
            done = subprocess.run(["mkfs.xfs", "-q", *options, image], capture_output=True, text=True)
        except FileNotFoundError:
            pytest.skip("SKIPPED: there is no mkfs.xfs here")
        if done.returncode != 0:
            pytest.skip(f"SKIPPED: no such XFS can be made: {done.stderr.strip()}")
        directory.mkdir()
        mount("-o", "loop", image, at=directory)
        return directory

    return make


def test_a_file_system_that_ignores_letter_case(headrace, publish, xfs, tmp_path):
    disk = xfs("-n", "version=ci")
    (disk / "a").mkdir()
    assert (disk / "A").exists()
    (tmp_path / "in.csv").write_text("k,n\na,1\nA,2\nb,3\n")
    done = headrace("convert", "in.csv", "xfs/out", "--partition-by", "k")
    assert_one_error(done, SINK, "E0636", "letter case")
    assert sorted(path.name for path in disk.iterdir()) == ["a"]
    (tmp_path / "in.csv").write_text("k,n\na,1\nb,3\n")
    assert headrace("convert", "in.csv", "xfs/out", "--partition-by", "k").exit_code == 0
    (tmp_path / "in.csv").write_text("k,n\nA,2\n")
    for mode in ("append", "overwrite-partitions"):
        done = headrace("convert", "in.csv", "xfs/out", "--partition-by", "k", "--mode", mode)
        assert_one_error(done, SINK, "E0636")
        assert numbers(disk / "out") == [1, 3]
    assert leftovers(disk) == []
