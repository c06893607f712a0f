// A short text beside a control that shows on hover and on keyboard focus. Invariant: it only repeats or explains; every control has
// its own accessible name.
import type { FocusEvent, PropsWithChildren, ReactElement } from "react";
import { Content, Portal, Provider, Root, Trigger } from "@radix-ui/react-tooltip";
import styles from "./Tooltip.module.css";

/** Once one tooltip has shown, its neighbours show without a delay. */
export function TooltipProvider({ children }: PropsWithChildren) {
  return <Provider>{children}</Provider>;
}

interface Props {
  text: string;
  /** One element, which takes a ref and further properties. */
  children: ReactElement;
}

export function Tooltip({ text, children }: Props) {
  return (
    <Root>
      <Trigger asChild onFocus={onlyWhenVisible}>
        {children}
      </Trigger>
      {/* Inside a landmark, for users who navigate by them. */}
      <Portal container={document.querySelector("main")}>
        <Content className={styles.tooltip} sideOffset={6} collisionPadding={8}>
          {text}
        </Content>
      </Portal>
    </Root>
  );
}

/** A focus that follows a click, such as from a closing menu, does not open the tooltip. */
function onlyWhenVisible(event: FocusEvent<HTMLElement>): void {
  if (!event.currentTarget.matches(":focus-visible")) event.preventDefault();
}
