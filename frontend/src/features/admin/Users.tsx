// Who has an account. Invariant: nobody takes their own rights away here, so that an administrator is always left.
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Email } from "@/components/ui/Email";
import { Reason } from "@/components/ui/Reason";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import type { AdminUser, User } from "@/lib/api/types";
import { useFormat } from "@/lib/i18n/format";
import { useAct } from "@/lib/useAct";
import { useDelayed } from "@/lib/useDelayed";
import { More, SearchField } from "./Tools";
import { usePages } from "./usePages";
import styles from "./Admin.module.css";

type Change = Parameters<typeof admin.setUser>[1];

export function Users({ user: self }: { user: User }) {
  const { t } = useTranslation();
  const { date, number } = useFormat();
  const [text, setText] = useState("");
  const q = useDelayed(text.trim());
  const pages = usePages(useCallback((cursor?: string) => admin.users({ q, ...(cursor && { cursor }) }), [q]));
  const { error, run } = useAct();
  const change = (user: AdminUser, what: Change) =>
    void run(async () => {
      const fresh = await admin.setUser(user.id, what);
      pages.replace((one) => one.id === user.id, fresh);
    });
  return (
    <section className={styles.list} aria-label={t("admin.users")}>
      <div className={styles.tools}>
        <SearchField label={t("admin.findUser")} value={text} onChange={setText} />
      </div>
      <Reason error={pages.error ?? error} />
      {pages.rows && (
        <Table
          label={t("admin.users")}
          rows={pages.rows}
          keyOf={(user) => user.id}
          empty={t("admin.noUsers")}
          testId="admin-user-table"
          columns={[
            {
              key: "email",
              name: t("auth.email"),
              wide: true,
              cell: (user) => (
                <span>
                  <Email address={user.email} />
                  {user.name !== null && <span className={styles.detail}>{user.name}</span>}
                </span>
              ),
            },
            { key: "role", name: t("admin.role"), cell: (user) => t(roleKey(user)) },
            { key: "jobs", name: t("admin.jobs"), numeric: true, cell: (user) => number(user.jobs) },
            { key: "since", name: t("profile.since"), cell: (user) => date(user.createdAt) },
            { key: "act", name: t("app.actions"), actions: true, numeric: true, cell: (user) => user.id !== self.id && <Acts user={user} onChange={change} /> },
          ]}
        />
      )}
      <More pages={pages} />
    </section>
  );
}

function roleKey({ disabled, role }: AdminUser): "admin.disabled" | "admin.administrator" | "admin.member" {
  if (disabled) return "admin.disabled";
  return role === "admin" ? "admin.administrator" : "admin.member";
}

function Acts({ user, onChange }: { user: AdminUser; onChange: (user: AdminUser, change: Change) => void }) {
  const { t } = useTranslation();
  const administrator = user.role === "admin";
  return (
    <span className={styles.row}>
      {!user.disabled && (
        <ConfirmButton
          label={t(administrator ? "admin.demote" : "admin.promote")}
          about={user.email}
          onConfirm={() => onChange(user, { role: administrator ? "user" : "admin" })}
        />
      )}
      <ConfirmButton
        label={t(user.disabled ? "admin.enable" : "admin.disable")}
        about={user.email}
        onConfirm={() => onChange(user, { disabled: !user.disabled })}
      />
    </span>
  );
}
