/** Controls on native elements; heavy ones are lazy. */
export { Button, type ButtonProps } from "./Button";
export {
  Banner,
  type Choice,
  EmptyState,
  Kbd,
  Segmented,
  Select,
  Skeleton,
  Switch,
  Tabs,
} from "./controls";
export { Dialog } from "./Dialog";
export { Popover } from "./Popover";
export { ServiceBadge } from "./ServiceBadge";
export { copy, Toasts, toast } from "./Toast";
export { VirtualList, type VirtualListHandle } from "./VirtualList";
