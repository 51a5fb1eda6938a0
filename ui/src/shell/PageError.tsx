import { Link, useLocation } from "@tanstack/react-router";
import { ApiError } from "../api/client";
import { sentence } from "../format";
import { en } from "../i18n/en";
import { Button, copy, EmptyState } from "../kit";

/** What a failed panel or page shows: message, hint, request id, retry. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const api = error instanceof ApiError ? error : null;
  const title = api?.status === 0 ? en.error.offline : api?.status === 403 ? en.error.denied : error.message;
  const detail = api?.status === 0 ? en.error.offlineText : api?.status === 403 ? error.message : null;
  return (
    <EmptyState
      title={title}
      action={
        <>
          {retry && (
            <Button kind="primary" onClick={retry}>
              {en.retry}
            </Button>
          )}
          {api?.requestId && (
            <Button onClick={() => copy(api.requestId!, en.copied)}>{en.error.requestId(api.requestId)}</Button>
          )}
        </>
      }
    >
      {detail && <p>{detail}</p>}
      {api?.hint && <p>{sentence(api.hint)}</p>}
    </EmptyState>
  );
}

export function PageError({ error, reset }: { error: unknown; reset?: () => void }) {
  const shown = error instanceof Error ? error : new Error(String(error));
  return <Failure error={shown} retry={reset ?? (() => location.reload())} />;
}

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <EmptyState title={en.error.notFound} action={<Link to="/explore">{en.error.toExplore}</Link>}>
      {en.error.notFoundText(pathname)}
    </EmptyState>
  );
}
