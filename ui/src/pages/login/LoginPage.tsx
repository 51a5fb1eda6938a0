import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { ApiError, call } from "../../api/client";
import { en } from "../../i18n/en";
import { Button } from "../../kit";
import { useUrl } from "../../url/search";
import "./login.css";

/** Only paths of this page: a link must not send a signed-in reader elsewhere. */
export function safeBack(back: string | undefined): string {
  return back && /^\/(?![/\\])/.test(back) && !back.startsWith("/login") ? back : "/explore";
}

function why(error: unknown): string {
  if (!(error instanceof ApiError)) return String(error);
  if (error.status === 401) return en.login.wrong;
  if (error.status === 403) return en.login.scope;
  return error.status === 0 ? en.error.offlineText : error.message;
}

/** Shown when the server needs a token; exchanges it for a cookie that scripts cannot read. */
export function LoginPage() {
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const { back } = useUrl();
  const cache = useQueryClient();
  useEffect(() => {
    document.title = `${en.login.title} · ${en.product}`;
  }, []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      await call("POST /session", { body: { token: token.trim() } });
      cache.clear();
      location.replace(safeBack(back));
    } catch (failed) {
      setError(why(failed));
      setBusy(false);
    }
  };
  return (
    <main className="login">
      <form
        className="login-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/favicon.svg" alt="" width="40" height="40" />
        <h1>{en.login.title}</h1>
        <p>{en.login.text}</p>
        <label className="field">
          <span className="field-label">{en.login.token}</span>
          <input
            className="input mono"
            type="password"
            autoComplete="current-password"
            required
            // biome-ignore lint/a11y/noAutofocus: the page has one field
            autoFocus
            aria-invalid={error !== ""}
            aria-describedby="login-error"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <p id="login-error" role="alert" className="login-error">
          {error}
        </p>
        <Button kind="primary" type="submit" disabled={busy || token.trim() === ""}>
          {en.login.submit}
        </Button>
        <p className="muted">{en.login.hint}</p>
      </form>
    </main>
  );
}
