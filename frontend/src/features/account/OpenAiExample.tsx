// How a program written for OpenAI's SDK uses this server.
import { useTranslation } from "react-i18next";
import { CopyButton } from "@/components/ui/CopyButton";
import { openaiBaseUrl } from "@/lib/api/urls";
import styles from "./Account.module.css";

const example = (baseUrl: string) => `client = OpenAI(base_url="${baseUrl}", api_key="sk-…")
client.videos.create_and_poll(prompt="…")`;

export function OpenAiExample() {
  const { t } = useTranslation();
  const baseUrl = openaiBaseUrl();
  return (
    <>
      <p className={styles.note}>{t("keys.openai")}</p>
      <dl className={styles.facts}>
        <dt>{t("keys.baseUrl")}</dt>
        <dd>
          <code data-testid="openai-base-url">{baseUrl}</code>
        </dd>
      </dl>
      <div className={styles.row}>
        <CopyButton text={baseUrl} label={t("keys.copyBaseUrl")} />
      </div>
      <pre className={styles.example}>
        <code>{example(baseUrl)}</code>
      </pre>
    </>
  );
}
