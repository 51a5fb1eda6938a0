import { type ReactNode, useEffect, useRef } from "react";
import { en } from "../i18n/en";
import { Button } from "./Button";

export interface DialogProps {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Without the title bar; the title is then only its name. */
  bare?: boolean;
  width?: number;
}

/** A modal dialog on the native element: focus trap, Esc and inertness are the browser's. */
export function Dialog({ open, onClose, title, children, bare, width = 560 }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
    if (!open && dialog?.open) dialog.close();
  }, [open]);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc closes natively; the click is on the backdrop
    <dialog
      ref={ref}
      className="dialog"
      aria-label={title}
      style={{ width: `min(${width}px, calc(100vw - 24px))` }}
      onClose={onClose}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      {open && (
        <div className="dialog-box">
          {!bare && (
            <header className="dialog-head">
              <h2>{title}</h2>
              <Button kind="quiet" icon title={en.close} onClick={onClose}>
                ✕
              </Button>
            </header>
          )}
          {children}
        </div>
      )}
    </dialog>
  );
}
