// The search box in the top bar. Invariant: the query never leaves the page's state; typing navigates to the gallery.
import { useEffect, useRef, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Search, X } from "lucide-react";
import { IconButton } from "@/components/ui/Button";
import { maxQueryLength, useFilter } from "@/lib/jobs/filter";
import styles from "./SearchBox.module.css";

export function SearchBox() {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [path, navigate] = useLocation();
  const q = useFilter((state) => state.q);
  const search = useFilter((state) => state.setQuery);

  useEffect(() => {
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (q === "") input.current?.blur();
    else search("");
  };
  return (
    <search className={styles.search} data-filled={q !== ""}>
      <Search size={16} aria-hidden className={styles.icon} />
      <input
        ref={input}
        type="text"
        inputMode="search"
        enterKeyHint="search"
        autoComplete="off"
        maxLength={maxQueryLength}
        className={styles.input}
        placeholder={t("search.placeholder")}
        aria-label={t("search.label")}
        aria-keyshortcuts="/"
        data-testid="search"
        value={q}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          search(event.target.value);
          if (path !== "/") navigate("/");
        }}
      />
      {q !== "" && (
        <IconButton
          label={t("search.clear")}
          className={styles.clear}
          onClick={() => {
            search("");
            input.current?.focus();
          }}
        >
          <X size={14} aria-hidden />
        </IconButton>
      )}
    </search>
  );
}

const isTyping = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
