"""Facts of the deployment as resource attributes: from CI variables, and from git where there are none.

Names are OpenTelemetry's (`vcs.*`, `cicd.*`, `service.version`, `deployment.environment.name`).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

_GIT_TIMEOUT_S = 1.0

_CI: dict[str, dict[str, tuple[str, ...]]] = {
    "GITHUB_ACTIONS": {
        "vcs.ref.head.revision": ("GITHUB_SHA",),
        "vcs.ref.head.name": ("GITHUB_HEAD_REF", "GITHUB_REF_NAME"),
        "vcs.repository.name": ("GITHUB_REPOSITORY",),
        "cicd.pipeline.name": ("GITHUB_WORKFLOW",),
        "cicd.pipeline.run.id": ("GITHUB_RUN_ID",),
    },
    "GITLAB_CI": {
        "vcs.ref.head.revision": ("CI_COMMIT_SHA",),
        "vcs.ref.head.name": ("CI_COMMIT_REF_NAME",),
        "vcs.repository.name": ("CI_PROJECT_PATH",),
        "cicd.pipeline.name": ("CI_PIPELINE_NAME", "CI_JOB_NAME"),
        "cicd.pipeline.run.id": ("CI_PIPELINE_ID",),
        "deployment.environment.name": ("CI_ENVIRONMENT_NAME",),
    },
    "JENKINS_URL": {
        "vcs.ref.head.revision": ("GIT_COMMIT",),
        "vcs.ref.head.name": ("GIT_BRANCH",),
        "cicd.pipeline.name": ("JOB_NAME",),
        "cicd.pipeline.run.id": ("BUILD_ID",),
    },
    "BUILDKITE": {
        "vcs.ref.head.revision": ("BUILDKITE_COMMIT",),
        "vcs.ref.head.name": ("BUILDKITE_BRANCH",),
        "cicd.pipeline.name": ("BUILDKITE_PIPELINE_SLUG",),
        "cicd.pipeline.run.id": ("BUILDKITE_BUILD_ID",),
    },
}
_FUNCTIONS = {
    "AWS_LAMBDA_FUNCTION_NAME": "faas.name",
    "AWS_LAMBDA_FUNCTION_VERSION": "faas.version",
    "AWS_REGION": "cloud.region",
}


def deployment(environ: Mapping[str, str] | None = None, directory: str | Path = ".") -> dict[str, str]:
    """Return the attributes that can be known; what OTEL_RESOURCE_ATTRIBUTES says comes before them."""
    env = os.environ if environ is None else environ
    found = {name: env[key] for key, name in _FUNCTIONS.items() if env.get(key)}
    for marker, names in _CI.items():
        if env.get(marker):
            for name, keys in names.items():
                value = next((env[key] for key in keys if env.get(key)), None)
                if value is not None:
                    found[name] = value
            break
    else:
        found |= _git(Path(directory))
    revision = found.get("vcs.ref.head.revision")
    if revision:
        found.setdefault("service.version", revision[:12])
    return found


def _git(directory: Path) -> dict[str, str]:
    """Return revision and branch; nothing where there is no git, no checkout, or no answer in time."""
    try:
        told = subprocess.run(
            ["git", "rev-parse", "HEAD", "--abbrev-ref", "HEAD"],  # noqa: S607 - the user's git
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=True,
        ).stdout.split()
    except (OSError, subprocess.SubprocessError):
        return {}
    names = ("vcs.ref.head.revision", "vcs.ref.head.name")
    return {name: value for name, value in zip(names, told, strict=False) if value != "HEAD"}
