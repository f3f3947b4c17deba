"""State in a relational database: repositories, transitions, audit log, migrations."""
