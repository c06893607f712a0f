// A dropdown menu. Invariant: fully usable by keyboard, and closing it returns the focus to its button.
import { createContext, use, useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { Check } from "lucide-react";
import styles from "./Menu.module.css";

interface Props {
  label: string;
  /** Content of the button. */
  trigger: ReactNode;
  triggerClassName?: string | undefined;
  /** Where the menu opens, relative to the button. */
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
    const reposition = () => keepInViewport(element);
    reposition();
    window.addEventListener("resize", reposition);
    return () => window.removeEventListener("resize", reposition);
  }, [open]);

  useEffect(() => {
    if (!open) return;
    const items = menuItems(panel.current);
    (items.find((item) => item.getAttribute("aria-checked") === "true") ?? items[0])?.focus();
    const onPointerDown = (event: PointerEvent) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      setOpen(false);
    } else if (moveFocus(panel.current, event.key)) {
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

/** Minimum distance from the viewport's edge, in pixels. */
const viewportMargin = 8;

/** Shifts a panel that would overflow the viewport. */
function keepInViewport(element: HTMLElement): void {
  element.style.translate = "";
  const { left, right } = element.getBoundingClientRect();
  const overflow = Math.max(0, right + viewportMargin - document.documentElement.clientWidth);
  element.style.translate = `${Math.max(viewportMargin - left, -overflow)}px 0`;
}

const menuItems = (panel: HTMLElement | null): HTMLElement[] =>
  panel ? [...panel.querySelectorAll<HTMLElement>('[role^="menuitem"]')] : [];

function moveFocus(panel: HTMLElement | null, key: string): boolean {
  const items = menuItems(panel);
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
  selected: boolean;
  onSelect: () => void;
  /** Keeps the menu open after a selection. */
  keepOpen?: boolean;
  children: ReactNode;
}

/** One option of a group of which exactly one is selected. */
export function MenuChoice({ selected, onSelect, keepOpen = false, children }: ChoiceProps) {
  const close = use(CloseMenu);
  const select = () => {
    onSelect();
    if (!keepOpen) close();
  };
  return (
    <button type="button" role="menuitemradio" aria-checked={selected} tabIndex={-1} className={styles.item} onClick={select}>
      <span className={styles.content}>{children}</span>
      <Check size={16} aria-hidden className={styles.check} />
    </button>
  );
}

interface ActionProps {
  onSelect: () => void;
  /** Keeps the menu open after a click, for actions that may report an error in it. */
  keepOpen?: boolean;
  testId?: string;
  children: ReactNode;
}

export function MenuAction({ onSelect, keepOpen = false, testId, children }: ActionProps) {
  const close = use(CloseMenu);
  const select = () => {
    if (!keepOpen) close();
    onSelect();
  };
  return (
    <button type="button" role="menuitem" tabIndex={-1} className={styles.item} onClick={select} data-testid={testId}>
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
