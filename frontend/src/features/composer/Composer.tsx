// Where a video begins. Invariant: the button never goes dead; when it cannot send, it says why.
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ArrowUp, Sparkles, X } from "lucide-react";
import { useAbilities } from "@/lib/api/abilities";
import { useFormat } from "@/lib/i18n/format";
import { countCharacters } from "@/lib/text";
import { Chips } from "./Chips";
import { ComposerNotice } from "./ComposerNotice";
import { PromptBox } from "./PromptBox";
import { ReferenceImage, ReferenceRefusal } from "./ReferenceImage";
import { resolveSettings } from "./settings";
import { useComposer } from "./store";
import { submit } from "./submit";
import { useBlocked } from "./useBlocked";
import { useModels } from "./useModels";
import { promptLimit } from "./validate";
import styles from "./Composer.module.css";

/** From here on the number of characters is shown. */
const countFrom = 3_600;
/** A text this long gets the whole width, and the controls a line of their own. */
const roomyFrom = 60;
const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Composer() {
  const { t } = useTranslation();
  const { number } = useFormat();
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const text = useComposer((state) => state.text);
  const takesImages = useAbilities((state) => state.images);
  const [asked, setAsked] = useState(false);
  const blocked = useBlocked();
  useModels();

  const shownReason = blocked && (asked || !blocked.whenAsked) ? blocked.reason : null;
  const used = countCharacters(text);
  const roomy = text.length > roomyFrom || text.includes("\n");

  const send = () => {
    const sent = !blocked && submit(text);
    setAsked(!sent);
    box.current?.focus();
  };

  const hint = t("composer.sendHint", { keys: isApple ? "⌘↵" : "Ctrl ↵" });
  return (
    <section className={styles.dock} aria-label={t("composer.label")}>
      <ComposerNotice onActed={() => box.current?.focus()} />
      <form
        className={styles.frame}
        data-roomy={roomy}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <RemixNote />
        <div className={styles.words}>
          {takesImages && <ReferenceImage />}
          <PromptBox box={box} describedBy={`${id}-reason`} invalid={shownReason !== null} onSend={send} />
        </div>
        <div className={styles.controls}>
          <Settings />
          <button
            type="submit"
            className={styles.send}
            aria-label={t("composer.send")}
            aria-disabled={blocked !== null}
            aria-describedby={`${id}-reason`}
            title={blocked?.reason ?? hint}
            data-testid="composer-submit"
          >
            <ArrowUp size={20} strokeWidth={2.25} aria-hidden />
            <span className={styles.sendText} aria-hidden>
              {t("composer.send")}
            </span>
          </button>
        </div>
        {takesImages && <ReferenceRefusal />}
        <div className={styles.notes} data-shown={shownReason !== null || used >= countFrom}>
          <p id={`${id}-reason`} className={styles.reason} role="status" data-testid="composer-reason">
            {shownReason}
          </p>
          {used >= countFrom && (
            <p className={styles.count}>{t("composer.count", { used: number(used), limit: number(promptLimit) })}</p>
          )}
        </div>
      </form>
    </section>
  );
}

function Settings() {
  const models = useComposer((state) => state.models);
  const model = useComposer((state) => state.model);
  const orientation = useComposer((state) => state.orientation);
  const seconds = useComposer((state) => state.seconds);
  const size = useComposer((state) => state.size);
  const wish = useComposer((state) => state.wish);
  const settings = models && resolveSettings(models, { model, orientation, seconds, size });
  return models && settings && <Chips models={models} settings={settings} onWish={wish} />;
}

function RemixNote() {
  const { t } = useTranslation();
  const remixes = useAbilities((state) => state.remix);
  const remixOf = useComposer((state) => state.remixOf);
  const attach = useComposer((state) => state.attach);
  if (remixOf === null || !remixes) return null;
  return (
    <p className={styles.remix} data-testid="composer-remix">
      <Sparkles size={14} aria-hidden /> {t("composer.remix")}
      <button type="button" onClick={() => attach({ remixOf: null })} aria-label={t("composer.remixDrop")} title={t("composer.remixDrop")}>
        <X size={14} aria-hidden />
      </button>
    </p>
  );
}
