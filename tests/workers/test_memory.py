"""Free memory as the machine and its control groups tell it."""

import math

import pytest

from polytask._workers import free_memory

GB = 10**9


@pytest.fixture
def machine(tmp_path):
    """Write files of /proc and /sys/fs/cgroup; read the free memory that they tell."""

    def free(group: str = "", files: dict[str, object] | None = None) -> float:
        proc, groups = tmp_path / "proc", tmp_path / "cgroup"
        (proc / "self").mkdir(parents=True)
        (proc / "meminfo").write_text(
            "MemTotal: 9 kB\nMemAvailable:   16000000 kB\nSwapFree: 0 kB\n"
        )
        (proc / "self" / "cgroup").write_text(group)
        for name, value in (files or {}).items():
            (groups / name).parent.mkdir(parents=True, exist_ok=True)
            (groups / name).write_text(f"{value}\n")
        return free_memory(proc, groups)

    return free


def test_the_machine_alone(machine):
    assert machine() == 16_000_000 * 1024


def test_a_group_of_version_2(machine):
    files = {
        "a/b/memory.max": 4 * GB,
        "a/b/memory.current": 3 * GB,
        "a/b/memory.stat": f"anon 5\ninactive_file {GB // 2}\nactive_file 7",
        "a/memory.max": "max",
        "a/memory.current": 3 * GB,
    }
    assert machine("0::/a/b\n", files) == 1.5 * GB


def test_an_outer_group_may_be_tighter(machine):
    files = {
        "a/b/memory.max": 4 * GB,
        "a/b/memory.current": GB,
        "a/memory.max": 5 * GB,
        "a/memory.current": 9 * GB // 2,
    }
    assert machine("0::/a/b\n", files) == 0.5 * GB


def test_a_group_of_version_1(machine):
    files = {
        "memory/job/memory.limit_in_bytes": 3 * GB,
        "memory/job/memory.usage_in_bytes": 2 * GB,
        "memory/job/memory.stat": f"cache 3\ntotal_inactive_file {GB // 4}",
        "memory/memory.limit_in_bytes": 2**63 - 4096,
        "memory/memory.usage_in_bytes": 9 * GB,
    }
    assert machine("5:cpu,cpuacct:/job\n4:memory:/job\n", files) == 1.25 * GB


def test_inside_a_container_only_the_root_is_seen(machine):
    files = {"memory.max": 2 * GB, "memory.current": GB}
    assert machine("0::/docker/0123abcd\n", files) == GB


def test_a_group_that_took_more_than_its_limit(machine):
    assert machine("0::/\n", {"memory.max": GB, "memory.current": 2 * GB}) == 0


def test_elsewhere_than_on_linux(tmp_path):
    assert free_memory(tmp_path, tmp_path) > 1e8


def test_this_machine():
    assert 0 <= free_memory() < math.inf
