// Shows the account's email address and changes the display name. Shows only what the server has confirmed.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Email } from "@/components/ui/Email";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { account } from "@/lib/api/endpoints";
import type { User } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { useSession } from "@/lib/session/store";
import { toast } from "@/lib/toasts";
import styles from "./Account.module.css";

export function Profile({ user }: { user: User }) {
  const { t } = useTranslation();
  const { date } = useFormat();
  return (
    <Section title={t("profile.title")}>
      <dl className={styles.facts}>
        <dt>{t("auth.email")}</dt>
        <dd>
          <Email address={user.email} />
        </dd>
        <dt>{t("profile.since")}</dt>
        <dd>{date(user.createdAt)}</dd>
      </dl>
      <NameForm user={user} />
    </Section>
  );
}

function NameForm({ user }: { user: User }) {
  const { t } = useTranslation();
  const renamed = useSession((state) => state.renamed);
  const [name, setName] = useState(user.name ?? "");
  const { isPending, error, mutate } = useApiMutation({
    mutationFn: account.rename,
    onSuccess: ({ user: updated }) => {
      renamed(updated);
      toast({ text: t("account.saved") });
    },
  });
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    mutate(name.trim() === "" ? null : name.trim());
  };
  return (
    <form className={styles.form} onSubmit={save}>
      <Field label={t("profile.name")} name="name" autoComplete="name" maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
      <ErrorMessage error={error} />
      <Button type="submit" aria-disabled={isPending}>
        {t("account.save")}
      </Button>
    </form>
  );
}
