// Example prompts for an empty gallery. Invariant: only the button labelled so submits one.
import { useTranslation } from "react-i18next";
import { ArrowUp } from "lucide-react";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { Tooltip } from "@/components/ui/Tooltip";
import { useComposer } from "./store";
import { submit } from "./submit";
import { useSettings } from "./useSettings";
import styles from "./ExamplePrompts.module.css";

const exampleKeys = ["examples.lighthouse", "examples.noodles", "examples.fox"] as const;

export function ExamplePrompts() {
  const { t } = useTranslation();
  const resolved = useSettings();
  const free = resolved?.models.free ?? false;
  const needsImage = resolved?.settings.model.referenceImage === "required";
  const setText = useComposer((state) => state.setText);
  const use = (text: string) => {
    setText(text);
    document.getElementById("prompt")?.focus();
  };
  return (
    <section className={styles.examples} data-testid="example-prompts">
      <h2 className={styles.title}>{t("examples.title")}</h2>
      <p className={styles.detail}>{t("examples.detail")}</p>
      {free && <p className={styles.detail}>{t("examples.free")}</p>}
      <ul className={styles.list}>
        {exampleKeys.map((key) => (
          <li key={key}>
            <JobPlaceholder id={key} intensity={0.55} className={styles.card}>
              <Tooltip text={t("examples.use")}>
                <button type="button" className={styles.use} onClick={() => use(t(key))}>
                  {t(key)}
                </button>
              </Tooltip>
              {!needsImage && (
                <Tooltip text={t("examples.send")}>
                  <button type="button" className={styles.send} onClick={() => submit(t(key))} aria-label={`${t("examples.send")}: ${t(key)}`}>
                    <ArrowUp size={18} strokeWidth={2.25} aria-hidden />
                  </button>
                </Tooltip>
              )}
            </JobPlaceholder>
          </li>
        ))}
      </ul>
    </section>
  );
}
