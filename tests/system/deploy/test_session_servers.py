import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.servers import KafkaServer, PostgresServer


async def test_postgres_is_version_18_and_demands_a_password(postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.admin_dsn)
    try:
        assert await connection.fetchval("select uuid_extract_version(uuidv7())") == 7
        assert await connection.fetchval("show idle_in_transaction_session_timeout") == "10s"
        assert await connection.fetchval("show fsync") == "on"
        assert await connection.fetchval(
            "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'postgres'"
        )
    finally:
        await connection.close()


async def test_kafka_confirms_a_record(kafka: KafkaServer) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.servers)
    producer = AIOKafkaProducer(bootstrap_servers=kafka.servers, acks="all", enable_idempotence=True)
    await admin.start()
    try:
        created = await admin.create_topics([NewTopic("session-servers", 1, 1)])
        assert [error[1] for error in created.topic_errors] == [0]
        await producer.start()
        assert (await producer.send_and_wait("session-servers", b"x")).offset == 0
    finally:
        await producer.stop()
        await admin.close()
