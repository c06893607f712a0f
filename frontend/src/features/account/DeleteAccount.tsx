// Exports the account's data and deletes the account. Invariant: deletion requires the password and states what it removes.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Download } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { account } from "@/lib/api/endpoints";
import { exportUrl } from "@/lib/api/urls";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useSession } from "@/lib/session/store";
import buttons from "@/components/ui/Button.module.css";
import styles from "./Account.module.css";

export function DeleteAccount() {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  return (
    <Section title={t("deleteAccount.title")} detail={t("deleteAccount.detail")} testId="delete-account">
      <div className={styles.row}>
        <a href={exportUrl} download="sora-account.json" className={[buttons.button, buttons.quiet].join(" ")}>
          <Download size={16} aria-hidden /> {t("deleteAccount.export")}
        </a>
        <Button kind="danger" onClick={() => setOpen(true)} data-testid="account-delete">
          {t("deleteAccount.delete")}
        </Button>
      </div>
      {open && <DeleteAccountDialog onClose={() => setOpen(false)} />}
    </Section>
  );
}

function DeleteAccountDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const signedOut = useSession((state) => state.signedOut);
  const [password, setPassword] = useState("");
  const { isPending, error, mutate } = useApiMutation({ mutationFn: account.remove, onSuccess: () => signedOut(false) });
  const remove = (event: SyntheticEvent) => {
    event.preventDefault();
    if (password !== "") mutate(password);
  };
  return (
    <Dialog title={t("deleteAccount.question")} onClose={onClose}>
      <form className={styles.form} onSubmit={remove}>
        <p>{t("deleteAccount.warning")}</p>
        <Field
          label={t("auth.password")}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <ErrorMessage error={error} />
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button kind="danger" type="submit" aria-disabled={isPending || password === ""}>
            {t("deleteAccount.delete")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
