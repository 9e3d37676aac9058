"""The plan of the stack, and the pauses between restarts."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from shared.stack.children import Backoff
from shared.stack.plan import beating, listening, shelftalk_plan


def test_pauses_double_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.after(lived_s=0) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]


def test_a_life_of_a_minute_makes_the_next_pause_short_again() -> None:
    backoff = Backoff()
    assert [backoff.after(lived_s) for lived_s in (0, 0, 0, 60, 0)] == [1, 2, 4, 1, 2]


def test_processes_stop_in_an_order_that_lets_the_worker_finish(tmp_path: Path) -> None:
    plan = shelftalk_plan(tmp_path, heartbeat_s=4)
    assert [process.name for process in plan.processes] == ["ingest", "beat", "trainer", "worker", "flower"]
    assert {process.name: process.grace_s for process in plan.processes}["worker"] == 60


def test_the_password_of_flower_is_on_no_command_line(tmp_path: Path) -> None:
    plan = shelftalk_plan(tmp_path, heartbeat_s=4)
    flower = plan.processes[-1]
    assert flower.environment == {"FLOWER_BASIC_AUTH": f"operator:{plan.flower.password}"}
    assert not any(plan.flower.password in argument for argument in flower.argv)
    assert "--address=127.0.0.1" in flower.argv


def test_a_heartbeat_counts_when_it_is_fresh_and_of_this_start(tmp_path: Path) -> None:
    is_ready = beating(tmp_path, "worker", within_s=10)
    now = time.time()
    assert not is_ready(now - 5), "there is none yet"
    heartbeat = tmp_path / "worker.heartbeat"
    heartbeat.touch()
    assert is_ready(now - 5)
    assert not is_ready(now + 5), "it is of an earlier start"
    os.utime(heartbeat, (now - 20, now - 20))
    assert not is_ready(now - 60), "it is old"


def test_a_port_is_ready_when_something_accepts_connections() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        is_ready = listening(server.getsockname()[1])
        assert is_ready(0)
    assert not is_ready(0)
