import { learnClock } from "./clock";
import type { Operations } from "./types.gen";

/** The base of every data path; the page is served by the same process. */
export const BASE = "/api/v1";

/** What the server said when it refused (RFC 9457), or why it could not be reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string | null = null,
    readonly requestId: string | null = null,
    readonly doc: string | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** The server cannot be reached or is not ready; trying again may help. */
  get offline(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

type Operation = keyof Operations;
type Part<O extends Operation, K extends string> = K extends keyof Operations[O] ? Operations[O][K] : never;
type Arguments<O extends Operation> = { signal?: AbortSignal; headers?: Record<string, string> } & Omit<
  Operations[O],
  "response"
>;
export type Result<O extends Operation> = Part<O, "response">;

const onDenied = new Set<() => void>();

/** Calls back whenever the server answers 401: the session is missing or over. */
export function whenDenied(listener: () => void): () => void {
  onDenied.add(listener);
  return () => onDenied.delete(listener);
}

/** Turns an answer that is no success into an ApiError. */
export async function failure(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => null);
  const text = (name: string): string | null => (typeof problem?.[name] === "string" ? problem[name] : null);
  if (response.status === 401) for (const listener of onDenied) listener();
  return new ApiError(
    response.status,
    text("code") ?? `http_${response.status}`,
    text("detail") ?? text("title") ?? response.statusText,
    text("hint"),
    text("request_id") ?? response.headers.get("x-request-id"),
    text("doc"),
  );
}

function address(path: string, parameters: Record<string, unknown> = {}, query: Record<string, unknown> = {}): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null) search.set(name, String(value));
  const text = search.toString();
  return BASE + filled + (text ? `?${text}` : "");
}

interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

/** Sends one request and returns the response when it is a success; used for streams and bytes. */
export async function open(operation: Operation, args: Loose = {}): Promise<Response> {
  const [method, path] = operation.split(" ") as [string, string];
  const headers: Record<string, string> = { Accept: "application/json", ...args.headers };
  const init: RequestInit = { method, headers, signal: args.signal ?? null, credentials: "same-origin" };
  if (args.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(args.body);
  }
  let response: Response;
  try {
    response = await fetch(address(path, args.path, args.query), init);
  } catch (error) {
    if (args.signal?.aborted) throw error;
    throw new ApiError(0, "unreachable", error instanceof Error ? error.message : String(error));
  }
  learnClock(response);
  if (!response.ok) throw await failure(response);
  return response;
}

/** Calls one operation of the API and returns its JSON. */
export async function call<O extends Operation>(operation: O, args: Arguments<O>): Promise<Result<O>> {
  const response = await open(operation, args as Loose);
  return (response.status === 204 ? undefined : await response.json()) as Result<O>;
}
