// Lists, creates and revokes API keys. Invariant: a key is shown once, when it is created.
import { useState, type SyntheticEvent } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/Button";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { CopyButton } from "@/components/ui/CopyButton";
import { Dialog, DialogActions } from "@/components/ui/Dialog";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { account } from "@/lib/api/endpoints";
import { queries } from "@/lib/api/queries";
import type { ApiKey, Scope } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { useCoarseNow } from "@/lib/useNow";
import styles from "./Account.module.css";
import { OpenAiExample } from "./OpenAiExample";

const scopeKeys = { read: "keys.scopeRead", create: "keys.scopeCreate" } as const satisfies Record<Scope, string>;
const scopes = Object.keys(scopeKeys) as Scope[];

export function ApiKeys() {
  const { t } = useTranslation();
  const { data, error } = useQuery(queries.keys);
  const revocation = useApiMutation({ mutationFn: account.revokeKey, onSuccess: useInvalidateKeys() });
  const [creating, setCreating] = useState(false);
  return (
    <Section title={t("keys.title")} detail={t("keys.detail")} testId="api-keys">
      <ErrorMessage error={error ?? revocation.error} />
      {data && <ApiKeyTable keys={data.data} onRevoke={(key) => revocation.mutate(key.id)} />}
      <Button onClick={() => setCreating(true)} data-testid="key-new">
        {t("keys.new")}
      </Button>
      {creating && <CreateKeyDialog onClose={() => setCreating(false)} />}
      <OpenAiExample />
    </Section>
  );
}

function useInvalidateKeys(): () => void {
  const client = useQueryClient();
  return () => void client.invalidateQueries(queries.keys);
}

function ApiKeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const { t } = useTranslation();
  const { ago, date } = useFormat();
  const now = useCoarseNow();
  return (
    <Table
      label={t("keys.title")}
      rows={keys}
      rowKey={(key) => key.id}
      empty={t("keys.none")}
      columns={[
        { key: "name", name: t("keys.name"), wide: true, cell: (key) => <span dir="auto">{key.name}</span> },
        { key: "may", name: t("keys.permissions"), cell: (key) => key.scopes.map((scope) => t(scopeKeys[scope])).join(t("keys.separator")) },
        { key: "made", name: t("keys.created"), cell: (key) => date(key.createdAt) },
        { key: "used", name: t("keys.lastUsed"), cell: (key) => (key.lastUsedAt === null ? t("keys.never") : ago(key.lastUsedAt, now)) },
        {
          key: "revoke",
          name: t("app.actions"),
          actions: true,
          numeric: true,
          cell: (key) => (
            <ConfirmButton label={t("keys.revoke")} question={t("keys.revokeConfirm")} subject={key.name} onConfirm={() => onRevoke(key)} />
          ),
        },
      ]}
    />
  );
}

function CreateKeyDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState("");
  const [selectedScopes, setSelectedScopes] = useState<readonly Scope[]>(scopes);
  const invalidateKeys = useInvalidateKeys();
  const {
    data: created,
    isPending,
    error,
    mutate,
  } = useApiMutation({ mutationFn: () => account.createKey(name.trim(), [...selectedScopes]), onSuccess: invalidateKeys });
  const create = (event: SyntheticEvent) => {
    event.preventDefault();
    if (name.trim() !== "" && selectedScopes.length > 0) mutate();
  };
  if (created) {
    return (
      <Dialog title={t("keys.createdTitle")} onClose={onClose}>
        <p>{t("keys.shownOnce")}</p>
        <code className={styles.secret} data-testid="key-secret">
          {created.key}
        </code>
        <DialogActions>
          <CopyButton text={created.key} label={t("keys.copy")} kind="accent" />
          <Button onClick={onClose}>{t("keys.done")}</Button>
        </DialogActions>
      </Dialog>
    );
  }
  const toggle = (scope: Scope, on: boolean) => setSelectedScopes(on ? [...selectedScopes, scope] : selectedScopes.filter((one) => one !== scope));
  return (
    <Dialog title={t("keys.new")} onClose={onClose}>
      <form className={styles.form} onSubmit={create}>
        <Field label={t("keys.name")} hint={t("keys.nameHint")} required maxLength={100} value={name} onChange={(event) => setName(event.target.value)} />
        <fieldset className={styles.scopes}>
          <legend>{t("keys.permissions")}</legend>
          {scopes.map((scope) => (
            <label key={scope} className={styles.scope}>
              <input type="checkbox" checked={selectedScopes.includes(scope)} onChange={(event) => toggle(scope, event.target.checked)} />
              {t(scopeKeys[scope])}
            </label>
          ))}
        </fieldset>
        <ErrorMessage error={error} />
        <DialogActions>
          <Button onClick={onClose}>{t("app.cancel")}</Button>
          <Button kind="accent" type="submit" aria-disabled={isPending} data-testid="key-create">
            {t("keys.submit")}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
