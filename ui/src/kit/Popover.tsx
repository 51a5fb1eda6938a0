import { type CSSProperties, type ReactNode, useCallback, useId, useLayoutEffect, useRef, useState } from "react";

export interface PopoverProps {
  /** What the button shows. */
  label: ReactNode;
  title?: string;
  className?: string;
  children: (close: () => void) => ReactNode;
  align?: "start" | "end";
  "aria-label"?: string;
}

/** A button with a floating panel on the native popover: Esc and outside clicks close it. */
export function Popover({ label, title, className = "btn", children, align = "start", ...rest }: PopoverProps) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const [place, setPlace] = useState<CSSProperties>({});
  useLayoutEffect(() => {
    if (!open || !button.current || !panel.current) return;
    const at = button.current.getBoundingClientRect();
    const width = panel.current.offsetWidth;
    const wanted = align === "end" ? at.right - width : at.left;
    const left = Math.max(8, Math.min(wanted, innerWidth - width - 8));
    setPlace({ top: Math.min(at.bottom + 4, Math.max(8, innerHeight - panel.current.offsetHeight - 8)), left });
  }, [open, align]);
  const close = useCallback(() => {
    panel.current?.hidePopover();
    button.current?.focus();
  }, []);
  return (
    <>
      <button
        ref={button}
        type="button"
        className={className}
        title={title}
        popoverTarget={id}
        aria-expanded={open}
        aria-haspopup="dialog"
        aria-label={rest["aria-label"]}
      >
        {label}
      </button>
      <div
        ref={panel}
        id={id}
        popover="auto"
        role="dialog"
        aria-label={rest["aria-label"] ?? title}
        className="popover"
        style={place}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {open && children(close)}
      </div>
    </>
  );
}
