// The sign-in and sign-up page. Invariant: the requested path stays in the address bar, so that signing in leads there.
import { useTranslation } from "react-i18next";
import { JobPlaceholder } from "@/components/jobs/JobPlaceholder";
import { AuthForm } from "./AuthForm";
import type { Mode } from "./validateCredentials";
import styles from "./AuthPage.module.css";

interface Props {
  mode: Mode;
  expired: boolean;
  onSwitch: (mode: Mode) => void;
}

/** Decorative previews of videos in progress. */
const previewRows: readonly (readonly { id: string; shape: "landscape" | "portrait"; intensity: number }[])[] = [
  [
    { id: "silver", shape: "landscape", intensity: 0.9 },
    { id: "harbour", shape: "portrait", intensity: 0.35 },
    { id: "meridian", shape: "landscape", intensity: 0.6 },
  ],
  [
    { id: "orchard", shape: "portrait", intensity: 1 },
    { id: "paper fox", shape: "landscape", intensity: 0.15 },
    { id: "lantern", shape: "landscape", intensity: 0.75 },
  ],
];

export function AuthPage({ mode, expired, onSwitch }: Props) {
  const { t } = useTranslation();
  return (
    <div className={styles.page}>
      <section>
        <h1 className={styles.title}>{t("auth.pitch")}</h1>
        <p className={styles.detail}>{t("auth.pitchDetail")}</p>
        <div className={styles.previews} aria-hidden>
          {previewRows.map((previews, row) => (
            <div key={row} className={styles.previewRow}>
              {previews.map(({ id, shape, intensity }) => (
                <JobPlaceholder key={id} id={id} intensity={intensity} className={styles[shape]}>
                  <div className={styles.progress} style={{ width: `${intensity * 100}%` }} />
                </JobPlaceholder>
              ))}
            </div>
          ))}
        </div>
      </section>
      <section className={styles.form}>
        {expired && (
          <p className={styles.expired} role="status">
            {t("auth.expired")}
          </p>
        )}
        <h2 className={styles.heading}>{t(mode === "signIn" ? "auth.signInTitle" : "auth.signUpTitle")}</h2>
        <AuthForm key={mode} mode={mode} />
        <p className={styles.switch}>
          {t(mode === "signIn" ? "auth.noAccount" : "auth.haveAccount")}{" "}
          <button type="button" className={styles.link} onClick={() => onSwitch(mode === "signIn" ? "signUp" : "signIn")}>
            {t(mode === "signIn" ? "auth.signUp" : "auth.signIn")}
          </button>
        </p>
      </section>
    </div>
  );
}
