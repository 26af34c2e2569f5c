"""Settings, root urls, the Celery app, embedded PostgreSQL and logging."""
