import { type ReactNode, type Ref, useImperativeHandle, useLayoutEffect, useRef, useState } from "react";

export interface VirtualListHandle {
  /** Scrolls so that the row is in view. */
  reveal: (index: number) => void;
}

interface Props {
  count: number;
  rowHeight: number;
  overscan?: number;
  className?: string;
  role?: string;
  label: string;
  render: (index: number) => ReactNode;
  onEnd?: () => void;
  ref?: Ref<VirtualListHandle>;
}

/** Rows of one height; only those in view are in the document. */
export function VirtualList({
  count,
  rowHeight,
  overscan = 8,
  className = "",
  role,
  label,
  render,
  onEnd,
  ref,
}: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = (): void => setView({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  useImperativeHandle(ref, () => ({
    reveal: (index) => {
      const element = box.current!;
      const top = index * rowHeight;
      if (top < element.scrollTop) element.scrollTop = top;
      else if (top + rowHeight > element.scrollTop + element.clientHeight)
        element.scrollTop = top + rowHeight - element.clientHeight;
    },
  }));
  const first = Math.max(0, Math.floor(view.top / rowHeight) - overscan);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + overscan);
  useLayoutEffect(() => {
    if (count > 0 && last >= count) onEnd?.();
  }, [last, count, onEnd]);
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: callers give a role that has rows
    <div ref={box} className={`vlist ${className}`} role={role} aria-label={label} aria-rowcount={count}>
      <div style={{ height: count * rowHeight, position: "relative" }} role="presentation">
        <div style={{ transform: `translateY(${first * rowHeight}px)` }} role="presentation">
          {Array.from({ length: last - first }, (_, at) => render(first + at))}
        </div>
      </div>
    </div>
  );
}
