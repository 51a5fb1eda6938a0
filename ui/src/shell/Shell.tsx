import { Outlet } from "@tanstack/react-router";
import { Toasts } from "../kit";

export function Shell() {
  return (
    <div className="shell">
      <main id="content" className="content">
        <Outlet />
      </main>
      <Toasts />
    </div>
  );
}
