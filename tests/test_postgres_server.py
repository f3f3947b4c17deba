"""The server that other tests rest on."""

import psycopg


def test_a_database_is_fresh_and_empty(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        assert connection.execute(tables).fetchone() == (0,)
        connection.execute("CREATE TABLE songs (name text)")


test_and_the_next_one_is_too = test_a_database_is_fresh_and_empty
