"""What can keep the shop from running, each with what to do about it."""

from __future__ import annotations


class ShopError(Exception):
    """The shop cannot start or do what was asked; `fix` says what to do."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class PortTakenError(ShopError):
    """Another program listens on a port that was asked for."""

    def __init__(self, port: int, option: str) -> None:
        super().__init__(f"port {port} is taken by another program", f"end it, or choose another one: {option} 0")


class RunDirectoryInUseError(ShopError):
    """A shop runs in this directory already."""

    def __init__(self, directory: object, pid: int | None) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(f"{directory} is in use by {who}", "end that shop, or start this one with another --run")


class MissingPackageError(ShopError):
    """Python packages that the services need are not installed."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"Python packages are missing: {', '.join(missing)}",
            "pip install -r examples/shop/requirements.txt -e sdk/python",
        )


class NotReadyError(ShopError):
    """A service did not come up."""

    def __init__(self, instance: str, log: object, tail: str) -> None:
        super().__init__(f"{instance} did not start; the end of its log:\n{tail}", f"read {log}")


class NotBuiltError(ShopError):
    """A part of the shop that is not Python could not be built."""

    def __init__(self, part: str, told: str) -> None:
        super().__init__(f"{part} could not be built: {told.strip()}", f"build it by hand in examples/shop/{part}")


class NoBrokerError(ShopError):
    """The broker that was asked for does not answer."""

    def __init__(self, address: str, told: str) -> None:
        super().__init__(f"Kafka at {address} does not answer: {told}", "start it, or leave --kafka out")


class UnknownError(ShopError):
    """A name that the shop does not have."""

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        super().__init__(f"there is no {what} {name!r}", f"one of: {', '.join(known)}")


class LeftOutError(ShopError):
    """A fault of a service that this shop runs without."""

    def __init__(self, fault: str, service: str, reason: str) -> None:
        super().__init__(f"{fault} is a fault of {service}, which does not run: {reason}", "start the shop with it")


class BadValueError(ShopError):
    """A value in a request cannot be used."""
