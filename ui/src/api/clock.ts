let skewMs = 0;
const TOLERANCE_MS = 2000;

/** Learns the server's clock from a response, for browsers whose clock is wrong by seconds or hours. */
export function learnClock(response: Response): void {
  const date = Date.parse(response.headers.get("date") ?? "");
  if (Number.isNaN(date)) return;
  const difference = date + 500 - Date.now();
  skewMs = Math.abs(difference) > TOLERANCE_MS ? difference : 0;
}

/** The time of the server, as well as the browser knows it. */
export function serverNow(): number {
  return Date.now() + skewMs;
}
