// A dropdown menu. Invariant: fully usable by keyboard, and closing it returns the focus to its button.
import { useRef, useState, type FocusEvent, type ReactNode } from "react";
import { Content, Group, Item, Label, Root, Trigger } from "@radix-ui/react-dropdown-menu";
import { Check } from "lucide-react";
import { Tooltip } from "./Tooltip";
import styles from "./Menu.module.css";

interface Props {
  label: string;
  /** Content of the button. */
  trigger: ReactNode;
  triggerClassName?: string | undefined;
  /** Where the menu opens, relative to the button. */
  placement: "above" | "below";
  testId?: string;
  children: ReactNode;
}

export function Menu({ label, trigger, triggerClassName, placement, testId, children }: Props) {
  const [open, setOpen] = useState(false);
  /** The focused item has an outline only for users of the keyboard. */
  const [byPointer, setByPointer] = useState(false);
  return (
    // Not modal: a click beside it closes it and takes effect, and the page remains scrollable.
    <Root open={open} onOpenChange={setOpen} modal={false}>
      <Tooltip text={label}>
        <Trigger
          className={triggerClassName}
          aria-label={label}
          onPointerDown={() => setByPointer(true)}
          onKeyDown={() => setByPointer(false)}
          data-testid={testId}
        >
          {trigger}
        </Trigger>
      </Tooltip>
      {open && (
        <Panel placement={placement} byPointer={byPointer} onKey={() => setByPointer(false)} onClose={() => setOpen(false)}>
          {children}
        </Panel>
      )}
    </Root>
  );
}

interface PanelProps {
  placement: "above" | "below";
  byPointer: boolean;
  onKey: () => void;
  onClose: () => void;
  children: ReactNode;
}

function Panel({ placement, byPointer, onKey, onClose, children }: PanelProps) {
  const hasEntered = useRef(false);
  /** The focus enters at the selected option, if there is one. */
  const enter = (event: FocusEvent<HTMLElement>) => {
    if (hasEntered.current || event.target !== event.currentTarget) return;
    hasEntered.current = true;
    const selected = event.currentTarget.querySelector<HTMLElement>('[aria-checked="true"]');
    if (!selected) return;
    event.preventDefault();
    selected.focus();
  };
  return (
    <Content
      className={styles.panel}
      data-by-pointer={byPointer}
      side={placement === "above" ? "top" : "bottom"}
      align="end"
      sideOffset={8}
      collisionPadding={8}
      loop
      onFocus={enter}
      onKeyDown={(event) => {
        onKey();
        if (event.key !== "Tab") return;
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </Content>
  );
}

interface ItemProps {
  onSelect: () => void;
  /** Keeps the menu open, for previews and for actions that may report an error in it. */
  keepOpen?: boolean;
  children: ReactNode;
}

const select =
  ({ onSelect, keepOpen = false }: Pick<ItemProps, "onSelect" | "keepOpen">) =>
  (event: Event): void => {
    if (keepOpen) event.preventDefault();
    onSelect();
  };

/** One option of a group of which exactly one is selected. */
export function MenuChoice({ selected, children, ...rest }: ItemProps & { selected: boolean }) {
  return (
    <Item role="menuitemradio" aria-checked={selected} className={styles.item} onSelect={select(rest)}>
      <span className={styles.content}>{children}</span>
      <Check size={16} aria-hidden className={styles.check} />
    </Item>
  );
}

export function MenuAction({ testId, children, ...rest }: ItemProps & { testId?: string }) {
  return (
    <Item className={styles.item} onSelect={select(rest)} data-testid={testId}>
      <span className={styles.content}>{children}</span>
    </Item>
  );
}

export function MenuGroup({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Group aria-label={label} className={styles.group}>
      <Label className={styles.groupLabel} aria-hidden>
        {label}
      </Label>
      {children}
    </Group>
  );
}
