"""ClickHouse behind one `Engine` protocol: embedded (chdb) or over HTTP, with the tables, migrations and retention."""
