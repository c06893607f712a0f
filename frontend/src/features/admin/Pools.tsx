// The pools of the catalogue with their upstreams: why jobs wait, what is paused, and how each upstream did in the last hour.
// Invariant: shows the server's state, not the last click.
import { useState, type SyntheticEvent } from "react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Pause, Play } from "lucide-react";
import { Button } from "@/components/ui/Button";
import { ConfirmButton } from "@/components/ui/ConfirmButton";
import { ErrorMessage } from "@/components/ui/ErrorMessage";
import { Field } from "@/components/ui/Field";
import { Section } from "@/components/ui/Page";
import { Table } from "@/components/ui/Table";
import { admin } from "@/lib/api/admin";
import { queries } from "@/lib/api/queries";
import type { Pool, PoolUpstream } from "@/lib/api/types";
import { useApiMutation } from "@/lib/api/useApiMutation";
import { useFormat } from "@/lib/i18n/format";
import styles from "./Admin.module.css";

const blockedByKeys = {
  redis_down: "admin.pools.blockedBy.redis_down",
  no_processor: "admin.pools.blockedBy.no_processor",
  queue_paused: "admin.pools.blockedBy.queue_paused",
  pool_paused: "admin.pools.blockedBy.pool_paused",
  no_upstream: "admin.pools.blockedBy.no_upstream",
  full: "admin.pools.blockedBy.full",
} as const satisfies Record<NonNullable<Pool["blockedBy"]>, string>;

const statusKeys = {
  ok: "admin.pools.statuses.ok",
  disabled: "admin.pools.statuses.disabled",
  paused: "admin.pools.statuses.paused",
  key_refused: "admin.pools.statuses.key_refused",
  unreadable: "admin.pools.statuses.unreadable",
} as const;

const isStatus = (status: string): status is keyof typeof statusKeys => Object.hasOwn(statusKeys, status);

export function Pools() {
  const { data, error } = useQuery(queries.adminPools);
  return (
    <>
      <ErrorMessage error={error} />
      {data?.data.map((pool) => (
        <PoolSection key={pool.name} pool={pool} />
      ))}
    </>
  );
}

function PoolSection({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const client = useQueryClient();
  const pause = useApiMutation({
    mutationFn: (paused: boolean) => admin.setPool(pool.name, { paused }),
    onSettled: () => client.invalidateQueries(queries.adminPools),
  });
  const count = (value: number | null) => (value === null ? "–" : number(value));
  const places = pool.concurrency === null ? t("admin.pools.noLimit") : number(pool.concurrency);
  const hasCatalogue = pool.upstreams.length > 0;
  return (
    <Section title={t("admin.pools.pool", { name: pool.name })} detail={pool.models.join(", ")} testId={`admin-pool-${pool.name}`}>
      <p role="status" data-testid="admin-pool-status">
        {t(pool.blockedBy === null ? "admin.pools.running" : blockedByKeys[pool.blockedBy])}
      </p>
      <p>
        {t("admin.pools.counts", { waiting: count(pool.waiting), inFlight: count(pool.inFlight), places })}
      </p>
      <ErrorMessage error={pause.error} />
      {hasCatalogue ? (
        <>
          <Button onClick={() => pause.mutate(!pool.paused)} aria-disabled={pause.isPending} data-testid="admin-pool-pause">
            {pool.paused ? <Play size={16} aria-hidden /> : <Pause size={16} aria-hidden />} {t(pool.paused ? "admin.pools.resumePool" : "admin.pools.pausePool")}
          </Button>
          <Upstreams pool={pool} />
        </>
      ) : (
        <p className={styles.detail}>{t("admin.pools.noCatalogue")}</p>
      )}
    </Section>
  );
}

function Upstreams({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  const { number, percent, duration } = useFormat();
  const success = ({ completed, failed }: PoolUpstream) => (completed + failed === 0 ? "–" : percent(completed / (completed + failed)));
  return (
    <Table
      label={t("admin.pools.upstreams", { name: pool.name })}
      rows={pool.upstreams}
      rowKey={(upstream) => upstream.name}
      empty={t("admin.pools.noUpstreams")}
      testId="admin-upstreams"
      columns={[
        { key: "name", name: t("admin.pools.upstream"), wide: true, cell: (upstream) => <UpstreamName upstream={upstream} /> },
        { key: "status", name: t("admin.pools.status"), cell: ({ status }) => <span className={styles.word}>{isStatus(status) ? t(statusKeys[status]) : status}</span> },
        {
          key: "places",
          name: t("admin.pools.places"),
          numeric: true,
          cell: ({ inFlight, concurrency }) => `${inFlight === null ? "–" : number(inFlight)} / ${concurrency === null ? "∞" : number(concurrency)}`,
        },
        { key: "success", name: t("admin.pools.success"), numeric: true, cell: success },
        { key: "median", name: t("admin.pools.median"), numeric: true, cell: ({ medianSeconds }) => (medianSeconds === null ? "–" : duration(medianSeconds * 1_000)) },
        { key: "actions", name: t("admin.pools.actions"), actions: true, cell: (upstream) => <UpstreamActions key={`${upstream.concurrency}`} upstream={upstream} /> },
      ]}
    />
  );
}

function UpstreamName({ upstream }: { upstream: PoolUpstream }) {
  const { t } = useTranslation();
  const { dateTime } = useFormat();
  return (
    <>
      <strong translate="no">{upstream.name}</strong>
      <span className={styles.detail} translate="no">
        {upstream.address}
      </span>
      {upstream.refusedAt !== null && <span className={styles.detail}>{t("admin.pools.refusedAt", { date: dateTime(upstream.refusedAt) })}</span>}
      {upstream.lastErrors.map(({ at, jobId, outcome, detail }) => (
        <span key={`${jobId}${at}`} className={styles.detail}>
          {dateTime(at)} · <code translate="no">{outcome}</code> {detail}
        </span>
      ))}
    </>
  );
}

function UpstreamActions({ upstream }: { upstream: PoolUpstream }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries(queries.adminPools);
  const change = useApiMutation({
    mutationFn: (body: { paused?: boolean; concurrency?: number | null }) => admin.setUpstream(upstream.name, body),
    onSettled,
  });
  const tryAgain = useApiMutation({ mutationFn: admin.resumeUpstream, onSettled });
  const [text, setText] = useState(upstream.concurrency === null ? "" : String(upstream.concurrency));
  const valid = /^(|[1-9]\d{0,4})$/.test(text.trim());
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    if (valid && !change.isPending) change.mutate({ concurrency: text.trim() === "" ? null : Number(text) });
  };
  const canTryAgain = upstream.status === "key_refused" || upstream.status === "unreadable";
  return (
    <div className={styles.form}>
      <form className={styles.number} onSubmit={save}>
        <Field
          label={t("admin.pools.concurrency", { name: upstream.name })}
          inputMode="numeric"
          placeholder={t("admin.pools.fromCatalogue")}
          value={text}
          error={valid ? undefined : t("admin.invalidNumber")}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" aria-disabled={change.isPending}>
          {t("account.save")}
        </Button>
      </form>
      <div className={styles.start}>
        <Button kind="quiet" onClick={() => change.mutate({ paused: !upstream.paused })} aria-disabled={change.isPending} data-testid={`admin-upstream-pause-${upstream.name}`}>
          {t(upstream.paused ? "admin.resume" : "admin.pause")}
        </Button>
        {canTryAgain && (
          <ConfirmButton
            label={t("admin.pools.tryAgain")}
            question={t("admin.pools.tryAgainConfirm")}
            subject={upstream.name}
            onConfirm={() => tryAgain.mutate(upstream.name)}
            testId={`admin-upstream-retry-${upstream.name}`}
          />
        )}
      </div>
      <ErrorMessage error={change.error ?? tryAgain.error} />
    </div>
  );
}
