// The prompt's text box. Invariant: the text is kept exactly as typed. The box grows up to eight lines, then scrolls.
import { useLayoutEffect, type KeyboardEvent, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { useComposer } from "./store";
import styles from "./PromptInput.module.css";

function fitHeight(element: HTMLElement): void {
  element.style.height = "auto";
  // The style sheet limits it to eight lines.
  element.style.height = `${element.scrollHeight}px`;
}

interface Props {
  inputRef: RefObject<HTMLTextAreaElement | null>;
  describedBy: string;
  invalid: boolean;
  onSend: () => void;
}

export function PromptInput({ inputRef, describedBy, invalid, onSend }: Props) {
  const { t } = useTranslation();
  const text = useComposer((state) => state.text);
  const last = useComposer((state) => state.last);
  const setText = useComposer((state) => state.setText);

  useLayoutEffect(() => {
    const element = inputRef.current;
    if (!element) return;
    const refit = () => fitHeight(element);
    refit();
    window.addEventListener("resize", refit);
    return () => window.removeEventListener("resize", refit);
  }, [inputRef, text]);

  const onKeyDown = (event: KeyboardEvent) => {
    // Enter confirms a word in an input method (IME); it must not submit.
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSend();
    } else if (event.key === "ArrowUp" && text === "" && last !== "") {
      event.preventDefault();
      setText(last);
    }
  };

  return (
    <textarea
      ref={inputRef}
      id="prompt"
      rows={1}
      dir="auto"
      className={styles.input}
      placeholder={t("composer.placeholder")}
      aria-label={t("composer.prompt")}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      aria-keyshortcuts="Control+Enter Meta+Enter"
      data-testid="composer-prompt"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={onKeyDown}
    />
  );
}
