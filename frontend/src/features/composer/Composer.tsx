// The form that submits a prompt. Invariant: the submit button stays focusable; when submitting is not possible, it says why.
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ArrowUp, Sparkles, X } from "lucide-react";
import { Tooltip } from "@/components/ui/Tooltip";
import { useFormat } from "@/lib/i18n/format";
import { countCharacters } from "@/lib/text";
import { ComposerNotice } from "./ComposerNotice";
import { ModelNotes } from "./ModelNotes";
import { PriceLine } from "./PriceLine";
import { PromptInput } from "./PromptInput";
import { ReferenceImage, ReferenceImageError } from "./ReferenceImage";
import { SettingsChips } from "./SettingsChips";
import { useComposer } from "./store";
import { submit } from "./submit";
import { useSettings } from "./useSettings";
import { useSubmitBlocker, type SubmitBlocker } from "./useSubmitBlocker";
import { maxPromptLength } from "./validatePrompt";
import styles from "./Composer.module.css";

/** Number of characters from which the count is shown. */
const showCountFrom = 3_600;
/** Number of characters from which the prompt takes the full width, with the controls on a line of their own. */
const multilineFrom = 60;
const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Composer() {
  const { t } = useTranslation();
  const id = useId();
  const inputRef = useRef<HTMLTextAreaElement>(null);
  const text = useComposer((state) => state.text);
  const [attempted, setAttempted] = useState(false);
  const blocker = useSubmitBlocker();

  const visibleReason = blocker && (attempted || !blocker.onlyAfterAttempt) ? blocker.reason : null;
  const multiline = text.length > multilineFrom || text.includes("\n");

  const send = () => {
    const sent = !blocker && submit(text);
    setAttempted(!sent);
    inputRef.current?.focus();
  };

  return (
    <section className={styles.dock} aria-label={t("composer.label")}>
      <ComposerNotice onDone={() => inputRef.current?.focus()} />
      <form
        className={styles.panel}
        data-multiline={multiline}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <RemixNote />
        <ModelNotes />
        <div className={styles.prompt}>
          <ReferenceImage />
          <PromptInput inputRef={inputRef} describedBy={`${id}-reason`} invalid={visibleReason !== null} onSend={send} />
        </div>
        <div className={styles.controls}>
          <Settings />
          <SubmitButton blocker={blocker} describedBy={`${id}-reason`} />
        </div>
        <PriceLine />
        <ReferenceImageError />
        <Footer text={text} reason={visibleReason} reasonId={`${id}-reason`} />
      </form>
    </section>
  );
}

function SubmitButton({ blocker, describedBy }: { blocker: SubmitBlocker | null; describedBy: string }) {
  const { t } = useTranslation();
  const hint = t("composer.sendHint", { keys: isApple ? "⌘↵" : "Ctrl ↵" });
  return (
    <Tooltip text={blocker?.reason ?? hint}>
      <button
        type="submit"
        className={styles.send}
        aria-label={t("composer.send")}
        aria-disabled={blocker !== null}
        aria-describedby={describedBy}
        data-testid="composer-submit"
      >
        <ArrowUp size={20} strokeWidth={2.25} aria-hidden />
        <span className={styles.sendText} aria-hidden>
          {t("composer.send")}
        </span>
      </button>
    </Tooltip>
  );
}

function Footer({ text, reason, reasonId }: { text: string; reason: string | null; reasonId: string }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const used = countCharacters(text);
  return (
    <div className={styles.footer} data-shown={reason !== null || used >= showCountFrom}>
      <p id={reasonId} className={styles.blocker} role="status" data-testid="composer-blocker">
        {reason}
      </p>
      {used >= showCountFrom && (
        <p className={styles.count}>{t("composer.characterCount", { used: number(used), limit: number(maxPromptLength) })}</p>
      )}
    </div>
  );
}

function Settings() {
  const resolved = useSettings();
  const setSettings = useComposer((state) => state.setSettings);
  return resolved && <SettingsChips models={resolved.models} settings={resolved.settings} onChange={setSettings} />;
}

function RemixNote() {
  const { t } = useTranslation();
  const remixOf = useComposer((state) => state.remixOf);
  const setAttachments = useComposer((state) => state.setAttachments);
  const canRemix = useSettings()?.settings.model.remix ?? true;
  if (remixOf === null || !canRemix) return null;
  return (
    <p className={styles.remix} data-testid="composer-remix">
      <Sparkles size={14} aria-hidden /> {t("composer.remix")}
      <Tooltip text={t("composer.removeRemix")}>
        <button type="button" onClick={() => setAttachments({ remixOf: null })} aria-label={t("composer.removeRemix")}>
          <X size={14} aria-hidden />
        </button>
      </Tooltip>
    </p>
  );
}
