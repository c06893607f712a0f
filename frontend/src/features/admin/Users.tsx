// Lists accounts and changes their role or disables them. Invariant: administrators cannot change their own account, so one always remains.
import { useState } from "react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { Email } from "@/components/ui/Email";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import { queries } from "@/lib/api/queries";
import type { AdminUser, User, UserChange } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import { useDebounced } from "@/lib/useDebounced";
import { LoadMore, SearchField } from "./ListControls";
import { UserBudget } from "./UserBudget";
import { usePagedList } from "./usePagedList";
import styles from "./Admin.module.css";

export function Users({ user: currentUser }: { user: User }) {
  const { t } = useTranslation();
  const { date, number } = useFormat();
  const [text, setText] = useState("");
  const q = useDebounced(text.trim());
  const { data: budgets } = useQuery(queries.budgets);
  const list = usePagedList("users", q === "" ? {} : { q }, admin.users);
  const { error, mutate } = useApiMutation({
    mutationFn: ({ id, change }: { id: string; change: UserChange }) => admin.setUser(id, change),
    onSuccess: list.replace,
  });
  return (
    <section className={styles.list} aria-label={t("admin.users")}>
      <div className={styles.tools}>
        <SearchField label={t("admin.findUser")} value={text} onChange={setText} />
      </div>
      <ErrorMessage error={list.error ?? error} />
      {list.rows && (
        <Table
          label={t("admin.users")}
          rows={list.rows}
          rowKey={(user) => user.id}
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
            {
              key: "act",
              name: t("app.actions"),
              actions: true,
              numeric: true,
              cell: (user) => (
                <UserActions
                  user={user}
                  isSelf={user.id === currentUser.id}
                  hasPrices={budgets?.currency != null}
                  onChange={(change) => mutate({ id: user.id, change })}
                />
              ),
            },
          ]}
        />
      )}
      <LoadMore list={list} />
    </section>
  );
}

function roleKey({ disabled, role }: AdminUser): "admin.disabled" | "admin.administrator" | "admin.member" {
  if (disabled) return "admin.disabled";
  return role === "admin" ? "admin.administrator" : "admin.member";
}

interface ActionsProps {
  user: AdminUser;
  /** Nobody changes their own role. */
  isSelf: boolean;
  /** Without prices there are no budgets. */
  hasPrices: boolean;
  onChange: (change: UserChange) => void;
}

function UserActions({ user, isSelf, hasPrices, onChange }: ActionsProps) {
  return (
    <span className={styles.row}>
      {(hasPrices || user.budget != null) && <UserBudget user={user} onChange={onChange} />}
      {!isSelf && <RoleActions user={user} onChange={onChange} />}
    </span>
  );
}

function RoleActions({ user, onChange }: Pick<ActionsProps, "user" | "onChange">) {
  const { t } = useTranslation();
  const isAdmin = user.role === "admin";
  return (
    <>
      {!user.disabled && (
        <ConfirmButton
          label={t(isAdmin ? "admin.demote" : "admin.promote")}
          question={t(isAdmin ? "admin.demoteConfirm" : "admin.promoteConfirm")}
          subject={user.email}
          onConfirm={() => onChange({ role: isAdmin ? "user" : "admin" })}
        />
      )}
      <ConfirmButton
        label={t(user.disabled ? "admin.enable" : "admin.disable")}
        question={t(user.disabled ? "admin.enableConfirm" : "admin.disableConfirm")}
        subject={user.email}
        onConfirm={() => onChange({ disabled: !user.disabled })}
      />
    </>
  );
}
