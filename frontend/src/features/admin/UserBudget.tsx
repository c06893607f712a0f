// Gives an account budgets of its own. An empty field means the configured budget.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { Field } from "@/components/ui/Field";
import type { AdminUser, UserChange } from "@/lib/api/types";
import styles from "./Admin.module.css";

interface Props {
  user: AdminUser;
  onChange: (change: UserChange) => void;
}

const isAmount = (text: string): boolean => /^(\d{1,9}(\.\d{1,3})?)?$/.test(text.trim());
const amountOf = (text: string): string | null => (text.trim() === "" ? null : text.trim());

export function UserBudget({ user, onChange }: Props) {
  const { t } = useTranslation();
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setIsOpen(true)} aria-label={t("admin.budget.of", { email: user.email })} data-testid="admin-budget">
        {t("admin.budget.title")}
      </Button>
      {isOpen && <BudgetDialog user={user} onChange={onChange} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function BudgetDialog({ user, onChange, onClose }: Props & { onClose: () => void }) {
  const { t } = useTranslation();
  const [day, setDay] = useState(user.budget?.perDay ?? "");
  const [month, setMonth] = useState(user.budget?.perMonth ?? "");
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!isAmount(day) || !isAmount(month)) return;
    onChange({ budgetPerDay: amountOf(day), budgetPerMonth: amountOf(month) });
    onClose();
  };
  const field = (label: string, value: string, set: (text: string) => void) => (
    <Field
      label={label}
      inputMode="decimal"
      autoComplete="off"
      placeholder={t("admin.budget.asConfigured")}
      value={value}
      error={isAmount(value) ? undefined : t("admin.budget.invalid")}
      onChange={(event) => set(event.target.value)}
    />
  );
  return (
    <Dialog title={t("admin.budget.of", { email: user.email })} onClose={onClose}>
      <form className={styles.form} onSubmit={save} noValidate>
        {field(t("admin.budget.perDay"), day, setDay)}
        {field(t("admin.budget.perMonth"), month, setMonth)}
        <p className={styles.detail}>{t("admin.budget.detail")}</p>
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button type="submit">{t("account.save")}</Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
