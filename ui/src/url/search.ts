import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** The search part of the address: every value is the plain string that stands there, never a number or JSON. */
export type Search = Record<string, string>;
export type SearchPatch = Record<string, string | undefined>;

/** Reads `?a=b`; the first of repeated names wins, nothing is converted. */
export function parseSearch(text: string): Search {
  const search: Search = {};
  for (const [name, value] of new URLSearchParams(text)) if (!Object.hasOwn(search, name)) search[name] = value;
  return search;
}

/** Values that stay readable in the address bar; only what would end or change the query is escaped. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /%(20|3A|2F|2C|7B|7D|3C|3E|22|60|40|24|3B|5B|5D|7C)/g,
    (escaped, code: string) => (READABLE.has(code) ? decodeURIComponent(escaped) : code === "20" ? "+" : escaped),
  );
}

const READABLE = new Set(["3A", "2F", "2C", "7B", "7D", "40", "24", "3B"]);

/** Writes the search part with its question mark, or nothing; undefined and empty values are left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(search))
    if (value !== undefined && value !== null && value !== "") parts.push(`${encode(name)}=${encode(String(value))}`);
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** Returns the search with the patch laid over it; undefined removes. */
export function patchSearch(search: Search, patch: SearchPatch): Search {
  const next: Search = {};
  for (const [name, value] of Object.entries({ ...search, ...patch }))
    if (value !== undefined && value !== "") next[name] = value;
  return next;
}

/** The search of the page on screen. */
export function useUrl(): Search {
  return useSearch({ strict: false }) as Search;
}

/** Changes the search of this page: pushes by default, replaces while a gesture is under way. */
export function useSetUrl(): (patch: SearchPatch, options?: { replace?: boolean }) => void {
  const navigate = useNavigate();
  return useCallback(
    (patch, options) =>
      void navigate({
        to: ".",
        search: ((before: Search) => patchSearch(before, patch)) as never,
        replace: options?.replace ?? false,
      }),
    [navigate],
  );
}
