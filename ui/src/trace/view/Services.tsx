import { count, duration } from "../../format";
import { ServiceBadge } from "../../kit";
import { printString } from "../../url/literals";
import type { Session } from "./session";
import { text } from "./text";

interface Share {
  service: string;
  slot: number;
  spans: number;
  errors: number;
  total: number;
  self: number;
}

/** Adds up the spans of each service; one pass over the columns. */
export function sharesOf({ columns, derived, slots }: Session): Share[] {
  const shares = columns.services.texts.map((service, i) => ({
    service,
    slot: slots[i] ?? 0,
    spans: 0,
    errors: 0,
    total: 0,
    self: 0,
  }));
  for (let row = 0; row < derived.rows; row++) {
    const share = shares[columns.service[row]!]!;
    share.spans++;
    share.total += Math.max(0, columns.dur[row]!);
    share.self += derived.self[row]!;
    if (columns.statusOf(row) === 2) share.errors++;
  }
  return shares.filter((share) => share.spans > 0).sort((a, b) => b.self - a.self);
}

/** Where the time went, by service; a line finds the spans of its service. */
export function Services({ session, pick }: { session: Session; pick: (q: string) => void }) {
  const shares = sharesOf(session);
  const all = shares.reduce((sum, share) => sum + share.self, 0) || 1;
  const head = text.table;
  return (
    <div className="svc-box">
      <table className="svc">
        <thead>
          <tr>
            <th>{head.service}</th>
            <th className="number">{head.spans}</th>
            <th className="number">{head.errors}</th>
            <th className="number">{head.total}</th>
            <th className="number">{head.self}</th>
            <th>{head.share}</th>
          </tr>
        </thead>
        <tbody>
          {shares.map((share) => (
            <tr key={share.service}>
              <td>
                <button
                  type="button"
                  className="svc-name"
                  onClick={() => pick(`{ resource.service.name = ${printString(share.service)} }`)}
                >
                  <ServiceBadge service={share.service} slot={share.slot} name />
                </button>
              </td>
              <td className="number">{count(share.spans)}</td>
              <td className={`number${share.errors ? " bad" : " muted"}`}>{count(share.errors)}</td>
              <td className="number">{duration(share.total)}</td>
              <td className="number">{duration(share.self)}</td>
              <td>
                <meter className="svc-bar" min={0} max={1} value={share.self / all} aria-label={head.share} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
