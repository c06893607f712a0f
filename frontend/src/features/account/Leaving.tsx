// Taking everything along, and leaving for good. Invariant: an account is deleted only with its password, and what goes with it is
// said before.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Download } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { useAbilities } from "@/lib/api/abilities";
import { account, exportUrl } from "@/lib/api/endpoints";
import { useSession } from "@/lib/session/store";
import { useAct } from "@/lib/useAct";
import buttons from "@/components/ui/Button.module.css";
import styles from "./Account.module.css";

export function Leaving() {
  const { t } = useTranslation();
  const { exportAccount, deleteAccount } = useAbilities();
  const [asking, setAsking] = useState(false);
  return (
    <Section title={t("leaving.title")} detail={t("leaving.detail")} testId="leaving">
      <div className={styles.row}>
        {exportAccount && (
          <a href={exportUrl} download="sora-account.json" className={[buttons.button, buttons.quiet].join(" ")}>
            <Download size={16} aria-hidden /> {t("leaving.export")}
          </a>
        )}
        {deleteAccount && (
          <Button kind="danger" onClick={() => setAsking(true)} data-testid="account-delete">
            {t("leaving.delete")}
          </Button>
        )}
      </div>
      {asking && <DeleteAccount onClose={() => setAsking(false)} />}
    </Section>
  );
}

function DeleteAccount({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const signedOut = useSession((state) => state.signedOut);
  const [password, setPassword] = useState("");
  const { busy, error, run } = useAct();
  const remove = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (password !== "" && (await run(() => account.remove(password)))) signedOut(false);
  };
  return (
    <Dialog title={t("leaving.question")} onClose={onClose}>
      <form className={styles.form} onSubmit={(event) => void remove(event)}>
        <p>{t("leaving.warning")}</p>
        <Field
          label={t("auth.password")}
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Reason error={error} />
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button kind="danger" type="submit" aria-disabled={busy || password === ""}>
            {t("leaving.delete")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
