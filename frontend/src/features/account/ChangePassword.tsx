// Changes the password, under the same rules as at sign-up. The server then ends all other sessions.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { account } from "@/lib/api/endpoints";
import type { User } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { countCharacters } from "@/lib/text";
import { toast } from "@/lib/toasts";
import styles from "./Account.module.css";

export function ChangePassword({ user }: { user: User }) {
  const { t } = useTranslation();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [submitted, setSubmitted] = useState(false);
  const { isPending, error, mutate } = useApiMutation({
    mutationFn: () => account.changePassword(current, next),
    onSuccess: () => {
      setCurrent("");
      setNext("");
      setSubmitted(false);
      toast({ text: t("password.changed") });
    },
  });
  const length = countCharacters(next);
  const invalid = length < 8 || length > 128;
  const change = (event: SyntheticEvent) => {
    event.preventDefault();
    setSubmitted(true);
    if (!invalid && current !== "") mutate();
  };
  return (
    <Section title={t("password.title")} detail={t("password.detail")}>
      <form className={styles.form} onSubmit={change} noValidate>
        <input type="hidden" name="username" autoComplete="username" value={user.email} readOnly />
        <Field
          label={t("password.current")}
          type="password"
          autoComplete="current-password"
          value={current}
          error={submitted && current === "" ? t("auth.error.passwordMissing") : undefined}
          onChange={(event) => setCurrent(event.target.value)}
        />
        <Field
          label={t("password.new")}
          type="password"
          autoComplete="new-password"
          hint={t("auth.passwordHint")}
          value={next}
          error={submitted && invalid ? t("auth.error.password") : undefined}
          onChange={(event) => setNext(event.target.value)}
        />
        <ErrorMessage error={error} />
        <Button type="submit" aria-disabled={isPending}>
          {t("password.submit")}
        </Button>
      </form>
    </Section>
  );
}
