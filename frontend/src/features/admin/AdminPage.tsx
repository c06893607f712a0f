// Administration, one section at a time. Invariant: each section has its own address; what is not known leads to the first.
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Page } from "@/components/ui/Page";
import type { User } from "@/lib/api/types";
import { Audit } from "./Audit";
import { Jobs } from "./Jobs";
import { Overview } from "./Overview";
import { Users } from "./Users";
import styles from "./Admin.module.css";

type SectionName = "overview" | "jobs" | "users" | "audit";

const sections: Record<SectionName, ComponentType<{ user: User }>> = { overview: Overview, jobs: Jobs, users: Users, audit: Audit };
const names = {
  overview: "admin.overview",
  jobs: "admin.jobs",
  users: "admin.users",
  audit: "admin.audit",
} as const satisfies Record<SectionName, string>;

const isSection = (name: string | undefined): name is SectionName => name !== undefined && Object.hasOwn(sections, name);

export function AdminPage({ section, user }: { section: string | undefined; user: User }) {
  const { t } = useTranslation();
  const current = isSection(section) ? section : "overview";
  const Current = sections[current];
  return (
    <Page
      title={t("admin.title")}
      aside={
        <nav aria-label={t("admin.title")} className={styles.nav}>
          {Object.entries(names).map(([name, key]) => (
            <Link key={name} href={`/admin/${name}`} aria-current={name === current ? "page" : undefined} className={styles.tab} data-testid={`admin-${name}`}>
              {t(key)}
            </Link>
          ))}
        </nav>
      }
    >
      <Current user={user} />
    </Page>
  );
}
