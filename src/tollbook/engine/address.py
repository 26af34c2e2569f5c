"""Addresses of engines: nothing for DuckDB in this process, else a Spark cluster."""

from importlib.util import find_spec
from typing import Final

CONNECT: Final = "sc://"
CLASSIC: Final = ("spark://", "local[", "local-cluster[", "k8s://", "yarn")
"""What Spark itself calls a master."""


def check_engine_url(engine_url: str) -> None:
    """Raise ``ValueError`` for an engine that there is not, or that cannot run here."""
    if not engine_url:
        return
    if not engine_url.startswith((CONNECT, *CLASSIC)):
        raise ValueError(
            "ENGINE_URL takes spark://host:7077 or sc://host:15002, or nothing for DuckDB; "
            "it begins otherwise"
        )
    if "@" in engine_url:
        raise ValueError(
            "ENGINE_URL takes no user and password; a token goes to Spark Connect as "
            "sc://host:15002/;token=..."
        )
    if find_spec("pyspark") is None:
        raise ValueError(
            "ENGINE_URL names a Spark, and its Python package is not installed: "
            "install tollbook[spark] (requirements/spark.txt), or unset it for DuckDB"
        )
    if not engine_url.startswith(CONNECT) and find_spec("py4j") is None:
        raise ValueError(
            "ENGINE_URL names a Spark's master, and only Spark's thin client is installed: "
            "install tollbook[spark] (requirements/spark.txt), or use sc://"
        )


def place_of(engine_url: str) -> str:
    """An address without its parameters, of which one may be a token."""
    return engine_url.partition("/;")[0]
