import signal
from pathlib import Path

from deploy.local.kafka import Kafka
from tests.ports import free_port


def test_a_broker_that_stands_still_is_not_ready(folder: Path) -> None:
    kafka = Kafka(folder / "kafka", free_port(), free_port(), with_parent=True)
    try:
        kafka.start()
        assert kafka.ready()
        process = kafka.daemon.process()
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        assert not kafka.ready()
        process.send_signal(signal.SIGCONT)
        kafka.wait()
        assert kafka.ready()
    finally:
        kafka.kill()
