// The top bar: name, search, connection state, account menu.
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useSession } from "@/lib/session/store";
import { AccountMenu } from "./AccountMenu";
import { ConnectionStatus } from "./ConnectionStatus";
import { SearchBox } from "./SearchBox";
import styles from "./TopBar.module.css";

export function TopBar() {
  const { t } = useTranslation();
  const session = useSession((state) => state.session);
  const signedIn = session.status === "signedIn";
  return (
    <header className={styles.bar}>
      <Link href="/" className={styles.name} aria-label={t("app.name")}>
        <span className={styles.logo} aria-hidden />
        <span className={styles.nameText}>{t("app.name")}</span>
      </Link>
      {signedIn && <SearchBox />}
      <div className={styles.controls}>
        {signedIn && <ConnectionStatus />}
        {/* Keyed by user, so that an open menu closes when the session ends. */}
        <AccountMenu key={signedIn ? session.user.id : ""} user={signedIn ? session.user : null} />
      </div>
    </header>
  );
}
