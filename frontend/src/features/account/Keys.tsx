// Keys for programs. Invariant: a key is shown once, when it is made, and never again.
import { useState, type SyntheticEvent } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { CopyButton } from "@/components/ui/CopyButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { account } from "@/lib/api/endpoints";
import type { ApiKey, NewApiKey, Scope } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useAct } from "@/lib/useAct";
import { useAsked } from "@/lib/useAsked";
import { useRoughNow } from "@/lib/useNow";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import styles from "./Account.module.css";

const scopeKeys = { read: "keys.read", create: "keys.create" } as const satisfies Record<Scope, string>;
const scopes = Object.keys(scopeKeys) as Scope[];

export function Keys() {
  const { t } = useTranslation();
  const { value, error, again } = useAsked(account.keys);
  const revoking = useAct();
  const [making, setMaking] = useState(false);
  const revoke = async (key: ApiKey) => {
    if (await revoking.run(() => account.revokeKey(key.id))) again();
  };
  return (
    <Section title={t("keys.title")} detail={t("keys.detail")} testId="keys">
      <Reason error={error ?? revoking.error} />
      {value && <KeyTable keys={value.data} onRevoke={(key) => void revoke(key)} />}
      <Button onClick={() => setMaking(true)} data-testid="key-new">
        {t("keys.new")}
      </Button>
      {making && (
        <NewKey
          onClose={() => {
            setMaking(false);
            again();
          }}
        />
      )}
    </Section>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { t } = useTranslation();
  const { ago, date } = useFormat();
  const now = useRoughNow();
  return (
    <Table
      label={t("keys.title")}
      rows={keys}
      keyOf={(key) => key.id}
      empty={t("keys.none")}
      columns={[
        { key: "name", name: t("keys.name"), wide: true, cell: (key) => <span dir="auto">{key.name}</span> },
        { key: "may", name: t("keys.may"), cell: (key) => key.scopes.map((scope) => t(scopeKeys[scope])).join(t("keys.and")) },
        { key: "made", name: t("keys.made"), cell: (key) => date(key.createdAt) },
        { key: "used", name: t("keys.used"), cell: (key) => (key.lastUsedAt === null ? t("keys.never") : ago(key.lastUsedAt, now)) },
        {
          key: "revoke",
          name: t("app.actions"),
          actions: true,
          numeric: true,
          cell: (key) => <ConfirmButton label={t("keys.revoke")} about={key.name} onConfirm={() => onRevoke(key)} />,
        },
      ]}
    />
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly Scope[]>(scopes);
  const [made, setMade] = useState<NewApiKey | null>(null);
  const { busy, error, run } = useAct();
  const make = (event: SyntheticEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && chosen.length > 0) void run(async () => setMade(await account.createKey(name.trim(), [...chosen])));
  };
  if (made) {
    return (
      <Dialog title={t("keys.madeTitle")} onClose={onClose}>
        <p>{t("keys.once")}</p>
        <code className={styles.secret} data-testid="key-secret">
          {made.key}
        </code>
        <DialogActions>
          <CopyButton text={made.key} label={t("keys.copy")} kind="accent" />
          <Button onClick={onClose}>{t("keys.done")}</Button>
        </DialogActions>
      </Dialog>
    );
  }
  const toggle = (scope: Scope, on: boolean) => setChosen(on ? [...chosen, scope] : chosen.filter((one) => one !== scope));
  return (
    <Dialog title={t("keys.new")} onClose={onClose}>
      <form className={styles.form} onSubmit={make}>
        <Field label={t("keys.name")} hint={t("keys.nameHint")} required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        <fieldset className={styles.scopes}>
          <legend>{t("keys.may")}</legend>
          {scopes.map((scope) => (
            <label key={scope} className={styles.scope}>
              <input type="checkbox" checked={chosen.includes(scope)} onChange={(event) => toggle(scope, event.target.checked)} />
              {t(scopeKeys[scope])}
            </label>
          ))}
        </fieldset>
        <Reason error={error} />
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button kind="accent" type="submit" aria-disabled={busy} data-testid="key-make">
            {t("keys.make")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
