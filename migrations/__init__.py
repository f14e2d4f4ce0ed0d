"""Alembic's revisions: one set for SQLite and PostgreSQL."""
