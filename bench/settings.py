"""Tollbook's settings with Django REST framework as it comes, for its side of the comparison."""

from tollbook.config.settings import *  # noqa: F403

REST_FRAMEWORK = {}
