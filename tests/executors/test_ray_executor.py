"""Jobs on a Ray cluster of two nodes, one of which dies; addresses that do not answer."""

import os
import signal
import socket
import sys
import threading
import time

import pytest
from fakes_evaluation import Together, table
from fakes_workers import echo, environment, touch_after

import polytask
from polytask.analysis import GroupRuns
from polytask.architectures import HardSharing
from polytask.bookkeeping import Budget
from polytask.cli import main
from polytask.datasets import make_clustered_tasks
from polytask.encoders import MLP
from polytask.exceptions import MissingDependencyError, ParameterError, WorkerError
from polytask.executors import LocalExecutor, RayExecutor, _ray_cluster
from polytask.testing import check_executor

COMMON = ("shared",)


def without_times(values):
    if isinstance(values, dict):
        left_out = ("seconds", "folder")
        return {k: without_times(v) for k, v in values.items() if not k.startswith(left_out)}
    return [without_times(item) for item in values] if isinstance(values, list) else values


@pytest.mark.parametrize(
    ("name", "value"),
    [("address", 3), ("num_cpus", 0.0), ("num_gpus", -1.0), ("jobs", 0), ("timeout", 0.0)],
)
@pytest.mark.usefixtures("unchecked_types")
def test_settings_are_checked_before_anything_is_connected(name, value):
    with pytest.raises(ParameterError, match=f"`{name}` parameter of RayExecutor must be"):
        RayExecutor(**{name: value})


def test_without_ray_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependencyError, match=r"Install it: pip install 'polytask\[ray\]"):
        list(RayExecutor().run(echo, [1], COMMON))


def test_versions_that_differ_are_said_and_those_of_polytask_and_python_are_refused():
    ours = {"Python": "3.12.1", "polytask": "1.0", "torch": "2.8.0"}
    notes = []
    _ray_cluster._compare("ab", ours, ours, notes.append)
    assert notes == []
    _ray_cluster._compare("ab", ours, {**ours, "torch": "2.7.0"}, notes.append)
    assert notes == [
        "Node ab of the Ray cluster has torch 2.7.0 instead of 2.8.0; records name the versions here."
    ]
    old = {"Python": "3.11.9", "polytask": "0.9", "torch": "2.8.0"}
    words = r"has Python 3\.11\.9 instead of 3\.12\.1 and polytask 0\.9 instead of 1\.0\. Install"
    with pytest.raises(WorkerError, match=words):
        _ray_cluster._compare("ab", ours, old, notes.append)


@pytest.fixture(scope="module")
def ray():
    return pytest.importorskip("ray", reason="Ray is not installed: polytask[ray]")


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "[::1]:99999"])
def test_an_address_that_does_not_answer_is_refused_within_seconds(address):
    started = time.monotonic()
    words = (
        f"`address` parameter of RayExecutor must be .* Got '{address[:3]}.*' instead.*ray start"
    )
    with pytest.raises(ParameterError, match=words.replace("[", r"\[")), RayExecutor(address):
        pass
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_what_listens_and_is_no_ray_is_refused_when_the_time_is_over(ray):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with (
            pytest.raises(ParameterError, match="Nothing answered as Ray does within 2 s"),
            RayExecutor(f"127.0.0.1:{port}", timeout=2),
        ):
            pass
    assert not ray.is_initialized()


@pytest.mark.slow
@pytest.mark.usefixtures("ray")
def test_the_command_refuses_an_address_that_does_not_answer(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{k},{k % 7},{k % 5}\n" for k in range(40))
    (tmp_path / "t.csv").write_text(f"x,a,b\n{rows}")
    targets = ["-t", "a:regression", "-t", "b:regression", "-m", "linear"]
    executor = "ray(address=127.0.0.1:1, timeout=3)"
    with pytest.raises(SystemExit) as ended:
        main(["compare", "t.csv", *targets, "--executor", executor])
    assert ended.value.code == 2
    error = capsys.readouterr().err.rstrip().rpartition("\n")[2]
    assert error.startswith("error: The `address` parameter of RayExecutor must be the address")
    assert not list(tmp_path.glob("runs/*/runs/*.json"))


@pytest.mark.slow
def test_a_cluster_of_this_process_alone_is_started_if_asked_and_ends_with_the_executor(ray):
    before = handlers()
    with RayExecutor("local", jobs=1) as local:
        assert dict(local.run(echo, ["a"], COMMON)) == {0: ("a", COMMON)}
        assert before == handlers()
    assert not ray.is_initialized()


@pytest.fixture(scope="module")
def cluster(ray):
    """Two nodes of one core; the second dies in the last test."""
    from ray.cluster_utils import Cluster

    memory = 80_000_000
    made = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 1, "object_store_memory": memory, "include_dashboard": False},
    )
    made.second = made.add_node(num_cpus=1, object_store_memory=memory)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def executor(cluster):
    notes, before = [], handlers()
    with RayExecutor(cluster.address, note=notes.append) as entered:
        assert before == handlers()
        entered.notes = notes
        yield entered


def handlers():
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


@pytest.mark.slow
def test_an_executor_of_a_cluster_keeps_the_promises_of_executors(executor, cluster):
    assert executor.notes == ["Jobs run on a Ray cluster, 2 at a time, each on 1 CPU; nodes: 2."]
    assert dict(executor.run(environment, ["OMP_NUM_THREADS"], COMMON)) == {0: "1"}
    check_executor(executor)
    executor.__enter__()


@pytest.mark.slow
@pytest.mark.usefixtures("executor")
def test_another_cluster_than_the_connected_one_is_refused(cluster):
    with (
        pytest.raises(ParameterError, match=f"connected already, {cluster.address}.*Got 'head:1'"),
        RayExecutor("head:1"),
    ):
        pass


@pytest.mark.slow
def test_ctrl_c_is_heard_and_what_runs_is_cancelled(executor, tmp_path):
    files = [tmp_path / str(number) for number in range(4)]
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        list(executor.run(touch_after, files, 3.5))
    time.sleep(3.5)
    assert not any(file.exists() for file in files)


@pytest.mark.slow
def test_groups_that_a_cluster_trains_have_the_answers_of_this_process(executor):
    data, _ = make_clustered_tasks(1, 2, 30, 3, own_rows=True, seed=0)

    def answers(**options):
        network, budget = HardSharing(MLP((4,))), Budget(steps=4)
        runs = GroupRuns.of(data, network, folds=2, seeds=1, budget=budget, **options)
        return [one.responses[0].tolist() for one in runs.answers(data.tasks.names).values()]

    assert answers(executor=executor) == answers()


@pytest.mark.slow
def test_a_node_that_dies_loses_nothing_and_records_are_those_of_this_machine(
    executor, cluster, tmp_path
):
    data, deaths = table(), []

    def die():
        if not deaths:
            deaths.append(cluster.second)
            cluster.remove_node(cluster.second, allow_graceful=False)

    def compared(**options):
        learners, budget = [Together(), "hard_sharing"], Budget(trials=1, steps=20)
        found = polytask.compare(data, learners, seeds=3, budget=budget, quiet=True, **options)
        return without_times(found.to_dict())

    class Deadly(RayExecutor):
        """Takes a node away while the first jobs run."""

        def run(self, work, jobs, common):
            threading.Timer(1.5, die).start()
            return super().run(work, jobs, common)

    with Deadly(cluster.address) as deadly:
        on_cluster = compared(executor=deadly, out=tmp_path / "cluster")
    assert deaths
    assert on_cluster == compared(executor=LocalExecutor(2), out=tmp_path / "here")
