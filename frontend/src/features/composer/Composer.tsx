// Where a video begins. Invariant: the button never goes dead; when it cannot send, it says why.
import { useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ArrowUp } from "lucide-react";
import { useFormat } from "@/lib/i18n/format";
import { countCharacters } from "@/lib/text";
import { Chips } from "./Chips";
import { ComposerNotice } from "./ComposerNotice";
import { PromptBox } from "./PromptBox";
import { resolveSettings } from "./settings";
import { useComposer } from "./store";
import { submit } from "./submit";
import { useModels } from "./useModels";
import { promptLimit, promptProblem, type PromptProblem } from "./validate";
import styles from "./Composer.module.css";

/** From here on the number of characters is shown. */
const countFrom = 3_600;
/** A text this long gets the whole width, and the controls a line of their own. */
const roomyFrom = 110;
const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function Composer() {
  const { t } = useTranslation();
  const { number } = useFormat();
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  const text = useComposer((state) => state.text);
  const models = useComposer((state) => state.models);
  const model = useComposer((state) => state.model);
  const orientation = useComposer((state) => state.orientation);
  const seconds = useComposer((state) => state.seconds);
  const wish = useComposer((state) => state.wish);
  const [asked, setAsked] = useState(false);
  useModels();

  const problem = promptProblem(text);
  const settings = models && resolveSettings(models, { model, orientation, seconds });
  const reason = problem && reasonOf(problem, t);
  // An empty box is no mistake until someone tries to send it.
  const shownReason = problem && (asked || problem.key !== "composer.blocked.empty") ? reason : null;
  const used = countCharacters(text);
  const roomy = text.length > roomyFrom || text.includes("\n");

  const send = () => {
    const sent = submit(text);
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
        <PromptBox box={box} describedBy={`${id}-reason`} invalid={shownReason !== null} onSend={send} />
        <div className={styles.controls}>
          {models && settings && <Chips models={models} settings={settings} onWish={wish} />}
          <button
            type="submit"
            className={styles.send}
            aria-label={t("composer.send")}
            aria-disabled={problem !== null}
            aria-describedby={`${id}-reason`}
            title={reason ?? hint}
            data-testid="composer-submit"
          >
            <ArrowUp size={20} strokeWidth={2.25} aria-hidden />
            <span className={styles.sendText} aria-hidden>
              {t("composer.send")}
            </span>
          </button>
        </div>
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

function reasonOf(problem: PromptProblem, t: ReturnType<typeof useTranslation>["t"]): string {
  return "count" in problem ? t(problem.key, { count: problem.count }) : t(problem.key);
}
