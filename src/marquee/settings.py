"""Settings: from the command line, the environment (`MARQUEE_...`), a file `.env`, or a folder of secrets.

An earlier source wins. MARQUEE_SECRETS names the folder, each file of which is named as a setting (`marquee_mongo`)
and holds its value, as Docker and Kubernetes hand secrets over.
"""

import os
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from marquee.domain.retention import Retention
from marquee.domain.timeline import DAY
from marquee.errors import SettingsError

Place = Annotated[Path, AfterValidator(lambda path: Path(os.path.expanduser(path)))]  # noqa: PTH111 - leaves other users be
"""A path; `~` stands for the user's folder where no shell has said so already."""

SERVICES = ("kafka", "registry", "spark", "lake", "cassandra", "mongo", "redis")
"""What the profile `cluster` needs."""


class Settings(BaseSettings):
    """Everything that can be set. The TMDB key may also be given as TMDB_API_KEY."""

    model_config = SettingsConfigDict(env_prefix="MARQUEE_", env_file=".env", extra="ignore", validate_default=True)

    home: Place = Field(Path(".marquee"), description="Folder that holds all state (`--home`)")
    host: str = Field("127.0.0.1", description="Address the API listens on; another than loopback needs an API key")
    port: int = Field(8000, ge=1, le=65535, description="Port the API and the page listen on")
    api_key: SecretStr | None = Field(
        None,
        description="A key, of 16 characters or more, that callers must send as `X-API-Key`, beside those of "
        "`marquee keys`",
    )
    cors_origins: str = Field(
        "", description="Origins whose pages may read the API from a browser, `https://a.example,https://b.example`"
    )
    tmdb_api_key: SecretStr | None = Field(
        None,
        validation_alias="TMDB_API_KEY",
        description="TMDB's *API Read Access Token*, or its older *API Key*; without it TMDB is simulated",
    )
    tmdb_url: str = Field("https://api.themoviedb.org/3", description="Where TMDB is")
    tmdb_rate: float = Field(
        4.0, gt=0, le=50, description="Requests per second to TMDB, shared by all processes of a home"
    )
    films: int = Field(50_000, ge=1, le=2_000_000, description="Films in the first crawl of TMDB")
    languages: str = Field(
        "en",
        description="Original languages of the films that are crawled, two letters each as TMDB has them: `en,fr,ja`; "
        "`*` takes all. One that is added later is searched for as many films again",
    )
    poll_seconds: float = Field(60.0, gt=0, description="Seconds between polls of TMDB's changes")
    batch_hours: int = Field(4, ge=1, le=24, description="Hours between batch runs")
    retention_log_days: int = Field(
        7, ge=3, le=3_650, description="Days that the log keeps events; Kafka's topics are set so"
    )
    retention_bronze_days: int = Field(
        90, ge=3, le=36_500, description="Days that bronze keeps events as they came; `batch --full` goes back so far"
    )
    retention_silver_days: int = Field(
        730, ge=31, le=36_500, description="Days that silver keeps events; what is older stays counted in gold's base"
    )
    profile: Literal["embedded", "cluster"] = Field(
        "embedded",
        description="`cluster`: refuse to start unless `MARQUEE_KAFKA`, `_REGISTRY`, `_SPARK`, `_LAKE`, "
        "`_CASSANDRA`, `_MONGO` and `_REDIS` are all set, so that nothing falls back to the home unseen",
    )
    kafka: str | None = Field(
        None, description="Kafka's brokers, `host:port[,...]`; without it the log is kept in the home"
    )
    kafka_replicas: int = Field(3, ge=1, le=9, description="Copies of each record, where topics are made")
    kafka_user: str | None = Field(None, description="User for Kafka (SASL SCRAM-SHA-512), where it asks for one")
    kafka_password: SecretStr | None = Field(None, description="That user's password")
    kafka_ca: Place | None = Field(None, description="Certificate authority of Kafka's TLS; with it TLS is used")
    registry: str | None = Field(
        None, description="Address of the Schema Registry (Confluent's protocol); needed with Kafka"
    )
    spark: str | None = Field(
        None,
        description="Spark's master (`local[2]`, `spark://host:7077`, `k8s://...`): batch on Spark, and with Kafka "
        "the speed layer on Structured Streaming; without it DuckDB and a process of our own",
    )
    lake: str | None = Field(
        None,
        description="Where Spark keeps the lake's Iceberg tables: `hdfs://host:port/path`, `s3://bucket/path`, "
        "`file:///path`; without it a folder in the home",
    )
    catalog: str | None = Field(
        None,
        description="JDBC address of the lake's catalog (`jdbc:postgresql://host/db`), which S3 needs since it has "
        "no atomic rename; without it a SQLite file in the home, for S3",
    )
    catalog_user: str | None = Field(None, description="User for the catalog's database")
    catalog_password: SecretStr | None = Field(None, description="That user's password")
    s3_endpoint: str | None = Field(
        None,
        description="Address of another S3, such as MinIO; who asks is in `AWS_ACCESS_KEY_ID` and "
        "`AWS_SECRET_ACCESS_KEY`; without it Amazon's",
    )
    trigger_seconds: float = Field(30.0, gt=0, le=300, description="Seconds between micro-batches of Spark's stream")
    mongo: SecretStr | None = Field(
        None,
        description="MongoDB's connection string (a replica set; user and TLS as the string says); without it the "
        "views are kept in the home",
    )
    cassandra: str | None = Field(
        None, description="Cassandra's nodes, `host[:port][,host...]`; without it speed cells are kept in the home"
    )
    cassandra_user: str | None = Field(None, description="User for Cassandra, where it asks for one")
    cassandra_password: SecretStr | None = Field(None, description="That user's password")
    cassandra_ca: Place | None = Field(
        None, description="Certificate authority of Cassandra's TLS; with it TLS is used"
    )
    cassandra_datacenter: str = Field("datacenter1", description="Cassandra's data centre that is near")
    cassandra_replicas: int = Field(3, ge=1, le=9, description="Copies of each speed cell, where the keyspace is made")
    redis: SecretStr | None = Field(
        None,
        description="Redis, `redis[s]://[user:password@]host:port/db`: answers, rate limits and TMDB's budget shared "
        "by all processes; without it, or while it is away, each goes on alone",
    )
    traces: str | None = Field(
        None,
        pattern=r"^https?://",
        description="Address of an OpenTelemetry collector (OTLP over HTTP, `http://host:4318`) that is told of "
        "spans, from the door to the answer",
    )
    openlineage: str | None = Field(
        None,
        pattern=r"^(https?|file)://",
        description="Where Spark tells of its runs: an OpenLineage server (`http://...`) or a file (`file:///path`); "
        "of tables in a JDBC catalog it tells nothing",
    )
    datahub: str | None = Field(None, description="Address of DataHub's metadata service (GMS), for `marquee lineage`")
    datahub_token: SecretStr | None = Field(None, description="Its access token, where it asks for one")
    datahub_instance: str = Field(
        "marquee", min_length=1, description="What tells this platform from others in the same DataHub"
    )
    sim_seed: int = Field(2026, description="Seed of the simulated TMDB")
    sim_films: int = Field(5_000, ge=1, le=200_000, description="Films in the simulated TMDB (50,000 works too)")
    sim_days: int = Field(90, ge=1, le=365, description="Days of simulated history before now")
    sim_loud: bool = Field(
        False, description="Whether the simulated TMDB has 55 times as many reviews as the real one, as for tests"
    )
    sim_port: int = Field(0, ge=0, le=65535, description="Port of the simulated TMDB; 0 takes a free one")

    log_format: Literal["text", "json"] = Field(
        "text",
        description="What parts say on standard error: `text`, warnings in words; `json`, every line as in the "
        "home's `logs`",
    )

    @field_validator("languages")
    @classmethod
    def check_languages(cls, text: str) -> str:
        """Return the languages in lower case, without blanks."""
        codes = [code.strip().lower() for code in text.split(",") if code.strip()]
        if not codes or not all(
            code == "*" or (len(code) == 2 and code.isascii() and code.isalpha()) for code in codes
        ):
            raise ValueError("languages are codes of two letters, such as en,fr,ja, or * for all")
        return "*" if "*" in codes else ",".join(dict.fromkeys(codes))

    @property
    def language_codes(self) -> tuple[str, ...]:
        """The original languages that are taken."""
        return tuple(self.languages.split(","))

    @property
    def loopback(self) -> bool:
        """Whether the API listens to this machine alone."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def retention(self) -> Retention:
        """How long what is held is kept."""
        days = (self.retention_log_days, self.retention_bronze_days, self.retention_silver_days)
        return Retention(*(count * DAY for count in days))

    @property
    def has_key(self) -> bool:
        """Whether a key is set that is long enough to protect anything."""
        return self.api_key is not None and len(self.api_key.get_secret_value()) >= 16


def load(**given: Any) -> Settings:
    """Return the settings, those `given` (and not None) winning; SettingsError names each wrong one.

    A home whose own services run (`marquee cluster up`) says where they are.
    """
    found = read(given, (".env",))
    own = found.home / "services" / "settings.env"
    if own.exists():
        found = read(given, (own, ".env"))
    lacking = [name for name in SERVICES if getattr(found, name) is None]
    if found.profile == "cluster" and lacking:
        raise SettingsError(
            f"the profile is cluster, and not set are: {', '.join(f'MARQUEE_{name.upper()}' for name in lacking)}",
            hint="Set them (docs/settings.md), or start all services on this machine with `marquee cluster up`.",
        )
    return found


def read(given: dict[str, Any], files: tuple[Path | str, ...]) -> Settings:
    """Return the settings of the environment and some files."""
    secrets = os.environ.get("MARQUEE_SECRETS")
    if secrets is not None and not Path(secrets).is_dir():
        raise SettingsError(
            f"MARQUEE_SECRETS: there is no folder {secrets}", hint="Name a folder of files, or unset it."
        )
    try:
        chosen = {name: value for name, value in given.items() if value is not None}
        return Settings(_env_file=files, _secrets_dir=secrets, **chosen)  # type: ignore[call-arg]
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors(include_input=False)]
        raise SettingsError(
            f"settings cannot be used: {'; '.join(lines)}",
            hint="Correct the option or the MARQUEE_... variable named.",
        ) from None
