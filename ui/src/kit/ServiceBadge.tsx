import { labelOn } from "../theme/contrast";
import { useTheme } from "../theme/theme";
import { badgeOf, serviceColor, slotOf } from "../theme/tokens";

interface Props {
  service: string;
  /** The slot the server has given; else one from the name. */
  slot?: number;
  /** Also the name, beside the badge. */
  name?: boolean;
  title?: string;
}

/** A service's two letters on its colour; hatch and dots tell services of one hue apart. */
export function ServiceBadge({ service, slot, name, title }: Props) {
  const theme = useTheme();
  const { color, texture } = serviceColor(slot ?? slotOf(service), theme);
  return (
    <span className="service" title={title ?? service}>
      <span
        className={`badge badge-${texture}`}
        style={{ background: color, color: labelOn(color) }}
        aria-hidden={name}
      >
        {badgeOf(service)}
      </span>
      {name && <span className="service-name">{service}</span>}
    </span>
  );
}
