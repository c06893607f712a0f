// The page's buttons. A view shows at most one of the accent kind, for its primary action.
import type { ComponentProps, ReactNode } from "react";
import { Tooltip } from "./Tooltip";
import styles from "./Button.module.css";

interface Props extends ComponentProps<"button"> {
  kind?: "accent" | "quiet" | "plain" | "danger";
  children: ReactNode;
}

export function Button({ kind = "quiet", className, type = "button", ...rest }: Props) {
  return <button type={type} className={[styles.button, styles[kind], className].filter(Boolean).join(" ")} {...rest} />;
}

interface IconProps extends ComponentProps<"button"> {
  label: string;
  children: ReactNode;
}

export function IconButton({ label, className, type = "button", ...rest }: IconProps) {
  return (
    <Tooltip text={label}>
      <button type={type} aria-label={label} className={[styles.icon, className].filter(Boolean).join(" ")} {...rest} />
    </Tooltip>
  );
}
