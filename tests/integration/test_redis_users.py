"""What each user of deploy/redis/users.acl.template may do, on a real server that runs as Compose would run it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kombu import Connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from shared.events import STREAM
from shared.redis_server import check, queue_depths, stream_lag
from shared.settings import Settings
from tests.deployment import GuardedRedis, guarded_redis

DANGEROUS = ["FLUSHALL", "KEYS *", "CONFIG SET maxmemory 1", "ACL LIST", "SHUTDOWN", "MONITOR", "SAVE"]
GAPS = Settings.model_fields["gaps_stream"].default
FOR_PRODUCERS_FORBIDDEN = [
    f"XREAD STREAMS {STREAM} 0",
    f"XRANGE {STREAM} - +",
    f"XLEN {STREAM}",
    f"XTRIM {STREAM} MAXLEN 0",
    f"DEL {STREAM}",
    "XADD other * event x",
    f"XADD {GAPS} * event x",
    f"XREAD STREAMS {GAPS} other 0 0",
    f"XRANGE {GAPS} - +",
    f"XTRIM {GAPS} MAXLEN 0",
    f"DEL {GAPS}",
    "LPUSH generate x",
    "PUBLISH news x",
    "SUBSCRIBE news",
    "INFO",
    "CONFIG GET maxmemory-policy",
    *DANGEROUS,
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedRedis]:
    with guarded_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


def sign_in(server: GuardedRedis, user: str) -> Redis:
    return Redis.from_url(server.url(user))


def knock(server: GuardedRedis, user: str | None = None, password: str | None = None) -> Redis:
    """A client that asks once: redis-py would take a refusal for a passing fault and try again for seconds."""
    return Redis(port=server.port, username=user, password=password, retry=Retry(NoBackoff(), 0))


def test_nobody_comes_in_without_a_name(server: GuardedRedis) -> None:
    with knock(server) as stranger, pytest.raises(AuthenticationError):
        stranger.ping()


def test_a_wrong_password_is_refused(server: GuardedRedis) -> None:
    with knock(server, "producer", "guess") as guest, pytest.raises(AuthenticationError):
        guest.ping()


def test_a_producer_appends_to_the_stream(server: GuardedRedis) -> None:
    with sign_in(server, "producer") as producer:
        assert producer.ping()
        assert producer.xadd(STREAM, {"event": "{}"})


def test_a_producer_reads_the_gaps_that_a_worker_announces(server: GuardedRedis) -> None:
    with sign_in(server, "worker") as worker, sign_in(server, "producer") as producer:
        entry = worker.xadd(GAPS, {"event": "{}"}, maxlen=100_000, approximate=True)

        assert producer.execute_command("XREAD", "STREAMS", GAPS, "0") == [
            [GAPS.encode(), [(entry, {b"event": b"{}"})]]
        ]


@pytest.mark.parametrize("command", FOR_PRODUCERS_FORBIDDEN)
def test_a_producer_may_do_nothing_else(server: GuardedRedis, command: str) -> None:
    with sign_in(server, "producer") as producer, pytest.raises(NoPermissionError):
        producer.execute_command(*command.split())


@pytest.mark.parametrize("user", ["worker", "flower"])
@pytest.mark.parametrize("command", DANGEROUS)
def test_workers_and_flower_may_not_administer(server: GuardedRedis, user: str, command: str) -> None:
    with sign_in(server, user) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split())


def test_the_health_check_may_only_ping(server: GuardedRedis) -> None:
    with knock(server, "health", "any") as health:
        assert health.ping()
        with pytest.raises(NoPermissionError):
            health.get("x")


def test_a_worker_passes_the_check_at_start_up(server: GuardedRedis) -> None:
    with sign_in(server, "worker") as worker:
        check(worker)
        assert set(queue_depths(worker).values()) == {0}


def test_a_worker_reads_the_stream_as_a_group(server: GuardedRedis) -> None:
    with sign_in(server, "worker") as worker:
        entry = worker.xadd("another:stream", {"event": "{}"})
        worker.xgroup_create("another:stream", "shelftalk", id="0")
        assert worker.xreadgroup("shelftalk", "one", {"another:stream": ">"})
        assert worker.xautoclaim("another:stream", "shelftalk", "two", 0)[1]
        assert worker.xack("another:stream", "shelftalk", entry) == 1
        assert worker.xtrim("another:stream", maxlen=0, approximate=False) == 1
        assert stream_lag(worker, "another:stream", "shelftalk") == {"unread": 0, "unacknowledged": 0}


@pytest.mark.parametrize("user", ["worker", "flower"])
def test_celerys_transport_works_with_these_rights(server: GuardedRedis, user: str) -> None:
    at_once = {"visibility_timeout": 0}
    connection = Connection(server.url(user), transport_options=at_once)
    with connection, connection.SimpleQueue(f"of-{user}") as queue:
        queue.put({"generation_id": 1})
        held = queue.get(timeout=10)
        # What a worker that died held comes back by way of a lock and a script.
        held.channel.qos.restore_visible()  # type: ignore[union-attr]
        again = queue.get(timeout=10)
        again.ack()
        assert held.payload == again.payload == {"generation_id": 1}


@pytest.mark.parametrize("stream", [STREAM, GAPS])
def test_flower_does_not_see_the_events(server: GuardedRedis, stream: str) -> None:
    with sign_in(server, "flower") as flower, pytest.raises(NoPermissionError):
        flower.xrange(stream)
