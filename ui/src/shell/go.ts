import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { findTrace, queryOf } from "../url/paste";
import { useUrl } from "../url/search";
import { rememberTrace } from "./recent";

/** Opens what a text means: a trace when it names one, else a search that keeps the time range. */
export function useGo(): (text: string) => boolean {
  const navigate = useNavigate();
  const { from, to } = useUrl();
  return useCallback(
    (text) => {
      const found = findTrace(text);
      if (found) {
        rememberTrace(found.traceId);
        void navigate({ to: "/trace/$id", params: { id: found.traceId }, search: { span: found.spanId } as never });
        return true;
      }
      if (!text.trim()) return false;
      void navigate({ to: "/explore", search: { q: queryOf(text), from, to } as never });
      return true;
    },
    [navigate, from, to],
  );
}
