import { Link, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { whenDenied } from "../api/client";
import { en } from "../i18n/en";
import type { Command } from "../keys/registry";
import { useCommands } from "../keys/useCommands";
import { Button, copy, Kbd, Toasts } from "../kit";
import { toggleTheme, useTheme } from "../theme/theme";
import { absolute } from "../url/time";
import { Fresh } from "./Fresh";
import { Help } from "./Help";
import { Palette } from "./Palette";
import { QueryBox } from "./QueryBox";
import { TimeControl } from "./TimeControl";
import { refresh, useWindow } from "./window";

const PAGES = [
  { to: "/explore", sign: "⌕", label: en.nav.explore },
  { to: "/pipeline", sign: "⇶", label: en.nav.pipeline },
] as const;

/** Sends to the sign-in page when the server asks for a token, and back afterwards. */
function useSignIn(): void {
  const navigate = useNavigate();
  useEffect(
    () =>
      whenDenied(() => {
        if (location.pathname === "/login") return;
        void navigate({ to: "/login", search: { back: location.pathname + location.search } as never, replace: true });
      }),
    [navigate],
  );
}

/** A link to what is on screen, with the time range pinned. */
function useCopyLink(): () => void {
  const span = useWindow();
  return () => {
    const url = new URL(location.href);
    if (url.pathname === "/explore") {
      const { from, to } = absolute(span);
      url.searchParams.set("from", from);
      url.searchParams.set("to", to);
    }
    void copy(url.href, en.linkCopied);
  };
}

function Rail() {
  return (
    <nav className="rail" aria-label={en.nav.label}>
      <Link to="/explore" className="brand" aria-label={en.product}>
        <img src="/favicon.svg" alt="" width="22" height="22" />
        <span className="rail-label">{en.product}</span>
      </Link>
      <ul>
        {PAGES.map((page) => (
          <li key={page.to}>
            <Link to={page.to} className="rail-link" activeProps={{ "aria-current": "page" }} title={page.label}>
              <span aria-hidden="true" className="rail-sign">
                {page.sign}
              </span>
              <span className="rail-label">{page.label}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The frame of every page. */
export function Shell() {
  const [palette, setPalette] = useState(false);
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  const theme = useTheme();
  const { pathname } = useLocation();
  const copyLink = useCopyLink();
  const group = en.keys.global;
  useSignIn();
  const commands: Command[] = [
    { id: "palette", keys: ["Mod+K"], title: en.keys.palette, group, inFields: true, run: () => setPalette(true) },
    { id: "help", keys: ["?"], title: en.keys.help, group, run: () => setHelp(true) },
    { id: "go-explore", keys: ["g e"], title: en.keys.goExplore, group, run: () => void navigate({ to: "/explore" }) },
    {
      id: "go-pipeline",
      keys: ["g p"],
      title: en.keys.goPipeline,
      group,
      run: () => void navigate({ to: "/pipeline" }),
    },
    { id: "refresh", keys: ["r"], title: en.keys.refresh, group, run: refresh },
    { id: "copy-link", keys: ["y"], title: en.keys.copyLink, group, run: copyLink },
    { id: "theme", keys: ["."], title: en.keys.theme, group, run: toggleTheme },
  ];
  useCommands(commands, true);
  if (pathname === "/login") return <Outlet />;
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {en.skipToContent}
      </a>
      <Rail />
      <header className="top">
        <QueryBox onPalette={() => setPalette(true)} />
        {pathname === "/explore" && <TimeControl />}
        <Button kind="quiet" icon title={en.keys.refresh} onClick={refresh}>
          ⟳
        </Button>
        <Fresh />
        <Button kind="quiet" icon title={theme === "dark" ? en.theme.light : en.theme.dark} onClick={toggleTheme}>
          {theme === "dark" ? "☀" : "☾"}
        </Button>
        <Button kind="quiet" icon title={en.keys.help} onClick={() => setHelp(true)} className="top-help">
          <Kbd keys="?" />
        </Button>
      </header>
      <main id="content" className="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Palette open={palette} onClose={() => setPalette(false)} />
      <Help open={help} onClose={() => setHelp(false)} />
      <Toasts />
    </div>
  );
}
