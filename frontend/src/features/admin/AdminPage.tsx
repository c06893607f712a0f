// The administration page, with one section per path, and a page per job. An unknown section shows the overview.
import type { ComponentType } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { Page } from "@/components/ui/Page";
import type { User } from "@/lib/api/types";
import { AuditLog } from "./Audit";
import { Costs } from "./Costs";
import { JobDetails } from "./JobDetails";
import { Jobs } from "./Jobs";
import { Overview } from "./Overview";
import { Pools } from "./Pools";
import { Users } from "./Users";
import styles from "./Admin.module.css";

type SectionId = "overview" | "upstreams" | "jobs" | "users" | "costs" | "audit";

const sections: Record<SectionId, ComponentType<{ user: User }>> = { overview: Overview, upstreams: Pools, jobs: Jobs, users: Users, costs: Costs, audit: AuditLog };
const sectionTitles = {
  overview: "admin.overview",
  upstreams: "admin.pools.title",
  jobs: "admin.jobs",
  users: "admin.users",
  costs: "admin.costs.title",
  audit: "admin.audit",
} as const satisfies Record<SectionId, string>;

const isSection = (name: string | undefined): name is SectionId => name !== undefined && Object.hasOwn(sections, name);

interface Props {
  section: string | undefined;
  /** Shows this job in place of the list. */
  jobId: string | undefined;
  user: User;
}

export function AdminPage({ section, jobId, user }: Props) {
  const { t } = useTranslation();
  const current = isSection(section) ? section : "overview";
  const Current = sections[current];
  return (
    <Page
      title={t("admin.title")}
      aside={
        <nav aria-label={t("admin.title")} className={styles.nav}>
          {Object.entries(sectionTitles).map(([name, key]) => (
            <Link key={name} href={`/admin/${name}`} aria-current={name === current ? "page" : undefined} className={styles.tab} data-testid={`admin-${name}`}>
              {t(key)}
            </Link>
          ))}
        </nav>
      }
    >
      {current === "jobs" && jobId !== undefined ? <JobDetails key={jobId} jobId={jobId} /> : <Current user={user} />}
    </Page>
  );
}
