// Changing the password. Invariant: the same rule as at sign-up, and said that all other sessions end.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { account } from "@/lib/api/endpoints";
import type { User } from "@/lib/api/types";
import { countCharacters } from "@/lib/text";
import { toast } from "@/lib/toasts";
import { useAct } from "@/lib/useAct";
import styles from "./Account.module.css";

export function Password({ user }: { user: User }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [asked, setAsked] = useState(false);
  const { busy, error, run } = useAct();
  const length = countCharacters(next);
  const problem = length < 8 || length > 128;
  const change = async (event: SyntheticEvent) => {
    event.preventDefault();
    setAsked(true);
    if (problem || current === "" || !(await run(() => account.changePassword(current, next)))) return;
    setCurrent("");
    setNext("");
    setAsked(false);
    toast({ text: t("password.changed") });
  };
  return (
    <Section title={t("password.title")} detail={t("password.detail")}>
      <form className={styles.form} onSubmit={(event) => void change(event)} noValidate>
        <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
        <Field
          label={t("password.current")}
          type="password"
          autoComplete="current-password"
          value={current}
          error={asked && current === "" ? t("auth.error.passwordMissing") : undefined}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <Field
          label={t("password.next")}
          type="password"
          autoComplete="new-password"
          hint={t("auth.passwordHint")}
          value={next}
          error={asked && problem ? t("auth.error.password") : undefined}
          onChange={(event) => setNext(event.target.value)}
        />
        <Reason error={error} />
        <Button type="submit" aria-disabled={busy}>
          {t("password.change")}
        </Button>
      </form>
    </Section>
  );
}
