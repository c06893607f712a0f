// A small menu that opens from a button. Invariant: works by keyboard alone, and gives the focus back where it came from.
import { createContext, use, useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Check } from "lucide-react";
import styles from "./Menu.module.css";

interface Props {
  label: string;
  /** What stands on the button. */
  trigger: ReactNode;
  triggerClassName?: string | undefined;
  /** Where the menu opens, seen from the button. */
  placement: "above" | "below";
  align?: "start" | "end";
  testId?: string;
  children: ReactNode;
}

const CloseMenu = createContext<() => void>(() => undefined);

export function Menu({ label, trigger, triggerClassName, placement, align = "end", testId, children }: Props) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };

  useLayoutEffect(() => {
    const element = panel.current;
    if (!open || !element) return;
    const keep = () => keepInside(element);
    keep();
    window.addEventListener("resize", keep);
    return () => window.removeEventListener("resize", keep);
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const items = itemsOf(panel.current);
    (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
    const leave = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else if (move(panel.current, event.key)) {
      event.preventDefault();
    }
  };

  return (
    <div className={styles.root} ref={root} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={triggerClassName}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={label}
        data-testid={testId}
        onClick={() => setOpen(!open)}
      >
        {trigger}
      </button>
      {open && (
        <div ref={panel} id={id} role="menu" aria-label={label} className={styles.panel} data-placement={placement} data-align={align}>
          <CloseMenu value={close}>{children}</CloseMenu>
        </div>
      )}
    </div>
  );
}

/** From the edge of the window, in pixels. */
const margin = 8;

/** Moves a panel that would hang over the edge of the window. */
function keepInside(element: HTMLElement): void {
  element.style.translate = "";
  const { left, right } = element.getBoundingClientRect();
  const over = Math.max(0, right + margin - document.documentElement.clientWidth);
  element.style.translate = `${Math.max(margin - left, -over)}px 0`;
}

const itemsOf = (panel: HTMLElement | null): HTMLElement[] =>
  panel ? [...panel.querySelectorAll<HTMLElement>('[role^="menuitem"]')] : [];

function move(panel: HTMLElement | null, key: string): boolean {
  const items = itemsOf(panel);
  const at = items.findIndex((item) => item === document.activeElement);
  const targets: Partial<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const target = targets[key];
  if (target === undefined) return false;
  items[target]?.focus();
  return true;
}

interface ChoiceProps {
  chosen: boolean;
  onChoose: () => void;
  /** Keeps the menu open, where one may want to try another. */
  stay?: boolean;
  children: ReactNode;
}

/** One of several, of which exactly one holds. */
export function MenuChoice({ chosen, onChoose, stay = false, children }: ChoiceProps) {
  const close = use(CloseMenu);
  const choose = () => {
    onChoose();
    if (!stay) close();
  };
  return (
    <button type="button" role="menuitemradio" aria-checked={chosen} tabIndex={-1} className={styles.item} onClick={choose}>
      <span className={styles.content}>{children}</span>
      <Check size={16} aria-hidden className={styles.check} />
    </button>
  );
}

interface ActionProps {
  onAct: () => void;
  /** Keeps the menu open, which may have to say that it did not work. */
  stay?: boolean;
  testId?: string;
  children: ReactNode;
}

export function MenuAction({ onAct, stay = false, testId, children }: ActionProps) {
  const close = use(CloseMenu);
  const act = () => {
    if (!stay) close();
    onAct();
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} className={styles.item} onClick={act} data-testid={testId}>
      <span className={styles.content}>{children}</span>
    </button>
  );
}

export function MenuGroup({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div role="group" aria-label={label} className={styles.group}>
      <p className={styles.groupLabel} aria-hidden>
        {label}
      </p>
      {children}
    </div>
  );
}
