"""Whose data other systems' clients read: the bearer token decides, as everywhere; `X-Scope-OrgID` never does."""

from __future__ import annotations

from clew.api.deps import Authenticator
from clew.api.errors import TenantDeniedError
from clew.model import Scope

NO_TENANT = "single-tenant"
"""What clients of a Tempo without tenants send."""


def scope_of(authenticator: Authenticator, authorization: str | None, org_id: str | None) -> Scope:
    """Return the tenant of a caller.

    Without tokens there is one tenant. A header that names another tenant is refused, not ignored: an answer from other
    data than was asked for would be wrong without a sign.

    Raises:
        AuthError: the token is missing, unknown, or may not read.
        TenantDeniedError: the header names another tenant, or several.
    """
    tenant = authenticator.authenticate(authorization, "read").tenant
    if org_id and org_id.strip() not in {tenant, NO_TENANT}:
        raise TenantDeniedError(org_id, tenant)
    return Scope(tenant)
