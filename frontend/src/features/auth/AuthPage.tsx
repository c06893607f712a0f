// Signing in and signing up. Invariant: the address someone came for stays in the bar, so that they arrive there.
import { useTranslation } from "react-i18next";
import { Exposure } from "@/components/ui/Exposure";
import { AuthForm } from "./AuthForm";
import type { Mode } from "./validate";
import styles from "./AuthPage.module.css";

interface Props {
  mode: Mode;
  expired: boolean;
  onSwitch: (mode: Mode) => void;
}

/** A contact sheet: frames in the shapes videos come in, some developed further than others. */
const strips: readonly (readonly { id: string; shape: "wide" | "tall"; developed: number }[])[] = [
  [
    { id: "silver", shape: "wide", developed: 0.9 },
    { id: "harbour", shape: "tall", developed: 0.35 },
    { id: "meridian", shape: "wide", developed: 0.6 },
  ],
  [
    { id: "orchard", shape: "tall", developed: 1 },
    { id: "paper fox", shape: "wide", developed: 0.15 },
    { id: "lantern", shape: "wide", developed: 0.75 },
  ],
];

export function AuthPage({ mode, expired, onSwitch }: Props) {
  const { t } = useTranslation();
  return (
    <div className={styles.page}>
      <section className={styles.pitch}>
        <h1 className={styles.title}>{t("auth.pitch")}</h1>
        <p className={styles.detail}>{t("auth.pitchDetail")}</p>
        <div className={styles.sheet} aria-hidden>
          {strips.map((strip, row) => (
            <div key={row} className={styles.strip}>
              {strip.map(({ id, shape, developed }) => (
                <Exposure key={id} id={id} developed={developed} className={styles[shape]}>
                  <div className={styles.line} style={{ width: `${developed * 100}%` }} />
                </Exposure>
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
