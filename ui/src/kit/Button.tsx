import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: "plain" | "primary" | "quiet" | "danger";
  /** A square button that shows only a sign; needs a `title`. */
  icon?: boolean;
  ref?: Ref<HTMLButtonElement>;
  children?: ReactNode;
}

export function Button({ kind = "plain", icon, className = "", title, ...rest }: ButtonProps) {
  const label = icon ? { "aria-label": rest["aria-label"] ?? title } : {};
  const name = `btn btn-${kind}${icon ? " btn-icon" : ""} ${className}`;
  return <button type="button" className={name.trim()} title={title} {...rest} {...label} />;
}
