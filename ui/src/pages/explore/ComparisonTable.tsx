import { Link } from "@tanstack/react-router";
import { count, percent } from "../../format";
import { useUrl } from "../../url/search";
import type { Comparison, Share } from "./compared";
import { texts } from "./texts";

const MOST_SHOWN = 100;
const words = texts.compared;

function ShareCell({ share, most, side }: Share & { side: string }) {
  return (
    <td className="number compared-share">
      <span className={`compared-bar compared-${side}`} style={{ width: `${share * 100}%` }} aria-hidden="true" />
      <span>{most ? words.most(percent(share)) : percent(share)}</span>
    </td>
  );
}

/** What sets the selected spans apart from the others: every value with its share of both, the largest difference first. */
export function ComparisonTable({ found }: { found: Comparison }) {
  const { q: _, ...rest } = useUrl();
  const { rows, spans } = found;
  const shown = rows.slice(0, MOST_SHOWN);
  return (
    <>
      <header className="histogram-head">
        <span role="status">{words.summary(count(spans.selection), count(spans.baseline))}</span>
        <span className="muted">{words.shown(count(shown.length), count(rows.length))}</span>
      </header>
      <div className="histogram-table series-table compared">
        <table>
          <thead>
            <tr>
              <th scope="col" className="compared-text">
                {words.attribute}
              </th>
              <th scope="col" className="compared-text">
                {words.value}
              </th>
              <th scope="col">{words.selection}</th>
              <th scope="col">{words.baseline}</th>
              <th scope="col">{words.more}</th>
              <th scope="col">{words.spans}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={row.q}>
                <th scope="row">{row.attribute}</th>
                <td className="compared-value">{row.value}</td>
                <ShareCell {...row.selection} side="selection" />
                <ShareCell {...row.baseline} side="baseline" />
                <td className="number">{words.points(row.more)}</td>
                <td>
                  <Link to="/explore" search={{ ...rest, q: row.q } as never} aria-label={words.search(row.q)}>
                    {words.show}
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
