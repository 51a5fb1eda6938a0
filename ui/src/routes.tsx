import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { NotFound, PageError } from "./shell/PageError";
import { Shell } from "./shell/Shell";
import { parseSearch, type Search, stringifySearch } from "./url/search";

const plain = (search: Record<string, unknown>): Search => search as Search;
const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, validateSearch: plain });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/explore", search, replace: true });
  },
});

const explore = createRoute({
  getParentRoute: () => root,
  path: "/explore",
  component: lazyRouteComponent(() => import("./pages/explore/ExplorePage"), "ExplorePage"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/trace/$id",
  component: lazyRouteComponent(() => import("./trace/view/TracePage"), "TracePage"),
});

const traceAt = createRoute({ getParentRoute: () => trace, path: "/at/$span" });

const pipeline = createRoute({
  getParentRoute: () => root,
  path: "/pipeline",
  component: lazyRouteComponent(() => import("./pages/pipeline/PipelinePage"), "PipelinePage"),
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: lazyRouteComponent(() => import("./pages/login/LoginPage"), "LoginPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, explore, trace.addChildren([traceAt]), pipeline, login]),
  parseSearch,
  stringifySearch,
  defaultErrorComponent: PageError,
  defaultPreload: "intent",
  defaultStructuralSharing: true,
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
