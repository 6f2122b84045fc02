"""A real S3 (S3Proxy over a folder), for a lake of objects."""

import secrets
from collections.abc import Sequence
from pathlib import Path

import httpx

from marquee.services.jars import java, paths
from marquee.services.service import Service


class S3(Service):
    """S3Proxy, with one user of its own."""

    name = "s3"

    def __init__(self, folder: Path, port: int = 0) -> None:
        super().__init__(folder, port=port)
        self.user, self.password = "marquee", secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """The endpoint."""
        return f"http://{self.host}:{self.port}"

    def command(self) -> Sequence[str]:
        """Write the configuration, make the buckets' folder and return the command line."""
        objects = self.folder.absolute() / "objects"
        (objects / "marquee").mkdir(parents=True, exist_ok=True)
        settings = {
            "s3proxy.endpoint": self.address,
            "s3proxy.authorization": "aws-v2-or-v4",
            "s3proxy.identity": self.user,
            "s3proxy.credential": self.password,
            "jclouds.provider": "filesystem-nio2",
            "jclouds.filesystem.basedir": str(objects),
        }
        configuration = self.folder / "s3proxy.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        options = ["-Xmx256m", "-XX:+UseSerialGC", "-cp", ":".join(paths("s3"))]
        return [java(), *options, "org.gaul.s3proxy.Main", "--properties", str(configuration.absolute())]

    def ready(self) -> bool:
        """Say whether it answers; it refuses who does not say who asks."""
        return httpx.get(self.address, timeout=3).status_code == 403
