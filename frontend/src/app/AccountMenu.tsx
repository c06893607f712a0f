// The menu for account, language and theme. Invariant: a failed logout is reported, because the session is then still valid.
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { CircleUserRound, Gauge, LogOut, Settings2 } from "lucide-react";
import { useLocation } from "wouter";
import { Email } from "@/components/ui/Email";
import { Menu, MenuAction, MenuChoice, MenuGroup } from "@/components/ui/Menu";
import { asApiError, type ApiError } from "@/lib/api/client";
import type { User } from "@/lib/api/types";
import { changeLanguage } from "@/lib/i18n/setup";
import { useErrorText } from "@/lib/i18n/useErrorText";
import { languages, languageTags, usePreferences, type Language } from "@/lib/preferences/store";
import { useSession } from "@/lib/session/store";
import { toast } from "@/lib/toasts";
import styles from "./AccountMenu.module.css";

/** Each language's name in that language. */
const languageNames: Record<Language, string> = { en: "English", zh: "中文" };

export function AccountMenu({ user }: { user: User | null }) {
  const { t } = useTranslation();
  return (
    <Menu
      label={t(user ? "account.open" : "account.preferences")}
      trigger={user ? <CircleUserRound size={22} strokeWidth={1.75} aria-hidden /> : <Settings2 size={20} strokeWidth={1.75} aria-hidden />}
      triggerClassName={styles.trigger}
      placement="below"
      testId="account-menu"
    >
      {user && <Identity user={user} />}
      <Preferences />
      {user && <AccountActions user={user} />}
    </Menu>
  );
}

function Identity({ user }: { user: User }) {
  const { t } = useTranslation();
  return (
    <div className={styles.identity}>
      <p className={styles.hint}>{t("account.signedInAs")}</p>
      {user.name !== null && <p dir="auto">{user.name}</p>}
      <p className={user.name === null ? undefined : styles.hint}>
        <Email address={user.email} />
      </p>
    </div>
  );
}

function Preferences() {
  const { t } = useTranslation();
  const { theme, language, setTheme } = usePreferences();
  const select = (one: Language) => changeLanguage(one).catch(() => toast({ text: t("error.network") }));
  return (
    <>
      <MenuGroup label={t("account.language")}>
        {languages.map((one) => (
          <MenuChoice keepOpen key={one} selected={one === language} onSelect={() => void select(one)}>
            <span lang={languageTags[one]}>{languageNames[one]}</span>
          </MenuChoice>
        ))}
      </MenuGroup>
      <MenuGroup label={t("account.theme")}>
        <MenuChoice keepOpen selected={theme === "dark"} onSelect={() => setTheme("dark")}>
          {t("account.dark")}
        </MenuChoice>
        <MenuChoice keepOpen selected={theme === "light"} onSelect={() => setTheme("light")}>
          {t("account.light")}
        </MenuChoice>
      </MenuGroup>
    </>
  );
}

function AccountActions({ user }: { user: User }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const logOut = useSession((state) => state.logOut);
  const [error, setError] = useState<ApiError | null>(null);
  const errorText = useErrorText(error);
  const signOut = () => {
    setError(null);
    logOut().catch((cause: unknown) => setError(asApiError(cause)));
  };
  return (
    <div className={styles.actions}>
      <MenuAction onSelect={() => navigate("/account")} testId="account-settings">
        <Settings2 size={16} aria-hidden /> {t("account.settings")}
      </MenuAction>
      {user.role === "admin" && (
        <MenuAction onSelect={() => navigate("/admin")} testId="account-admin">
          <Gauge size={16} aria-hidden /> {t("account.admin")}
        </MenuAction>
      )}
      <MenuAction keepOpen onSelect={signOut} testId="account-logout">
        <LogOut size={16} aria-hidden /> {t("account.logOut")}
      </MenuAction>
      {errorText !== null && (
        <p role="alert" className={styles.error}>
          {errorText}
        </p>
      )}
    </div>
  );
}
